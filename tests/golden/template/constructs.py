"""Small templates, one construct each, rendered by jinja2 into constructs.jsonl. All see the variables in CONTEXT."""

CONTEXT = {
    "s": "Hello World", "e": "", "sp": "  \t a b  c\n ", "u": "N\u00e4ive \u0130\u00df \u4f60\U0001f600 \u01c6", "q": "it's \"quoted\" \\ <b>&\n\t\x01\u00a0",
    "n": 42, "z": 0, "neg": -7, "f": 2.5, "big": 9007199254740993, "t": True, "no": False, "nil": None,
    "xs": [3, 1, 2], "mixed": [1, "1", 1.0, True, None, [1], {"a": 1}], "names": ["bob", "Alice", "carol", "Bob"], "empty": [],
    "d": {"b": 2, "a": 1, "C": 3, "items": "shadow", "x y": [1, {"z": "deep"}]}, "ed": {},
    "people": [{"name": "Ann", "age": 30, "tags": ["x"]}, {"name": "bob", "age": 25}, {"name": "Cy", "age": 30, "tags": []}],
    "lines": "one\ntwo\n\nthree\n", "csv": "a,b,,c",
}

EXPRESSIONS = r"""
s
nil
t
no
n
f
neg
big
xs
d
mixed
empty
ed
q
[q]
{'k': q}
(1,)
()
(1, 2)
1, 2
[1, 2,]
{'a': 1, 'a': 2}
{1: 'i', true: 'b', 1.0: 'f'}
missing
missing is defined
missing | default('x')
missing.attr
missing['x']
missing + 1
missing ~ 'x'
missing == missing
missing == none
missing == ''
missing or 'other'
missing | length
missing | list
missing | upper
missing | tojson
missing()
-missing
missing < 1
1 in missing
missing in [1]
missing in 'abc'
d.missing
d.missing.more
d.missing is defined
d.missing.more is defined
d['b']
d.b
d.items
d['items']
d.get('b')
d.get('nope')
d.get('nope', 'dflt')
d.items() | list
d.keys() | list
d.values() | list
d.items()
d.keys()
d.values()
d.items() | length
d['x y'][1].z
d['x y'][1]['z']
d['x y'][7]
d['x y'].0
d.pop('a')
d.update({'q': 1})
d.pop is defined
xs.append(4)
xs[0]
xs[-1]
xs[5]
xs[-5]
xs[1:]
xs[:1]
xs[::-1]
xs[::2]
xs[-2:]
xs[5:]
xs[:-1]
xs[10:2:-3]
xs[::0]
xs['a']
xs[none:2]
xs[true]
xs[1.0]
s[0]
s[-1]
s[20]
s[2:5]
s[::-1]
s[::3]
s[-5:]
u[0]
u[1]
u[-1]
u[::-1]
u | length
u[6:8]
s.upper()
s.lower()
u.upper()
u.lower()
u.title()
u.capitalize()
u.swapcase()
s.title()
s.swapcase()
'hello world-foo (bar)' | title
'hello world-foo (bar)'.title()
'ABC def' | capitalize
s.replace('o', '0')
s.replace('o', '0', 1)
'abc'.replace('', '-')
'abc'.replace('', '-', 2)
s | replace('l', 'L')
s | replace('l', 'L', 2)
42 | replace(4, 5)
s.split()
sp.split()
sp.split(none, 1)
csv.split(',')
csv.split(',', 1)
csv.split(',', maxsplit=2)
csv.split('')
csv.rsplit(',', 1)
sp.rsplit(none, 1)
csv.rsplit(',')
lines.splitlines()
lines.splitlines(true)
'a\r\nb\rc'.splitlines()
lines.split('\n')
''.split(',')
''.split()
sp.strip()
sp.lstrip()
sp.rstrip()
'xxabcxx'.strip('x')
'xyabcyx'.strip('xy')
'xxabcxx'.lstrip('x')
'xxabcxx'.rstrip('x')
'\u3000\u00a0x\u2028'.strip()
sp | trim
'--x--' | trim('-')
42 | trim
s.startswith('He')
s.startswith(('x', 'He'))
s.startswith('World', 6)
s.endswith('ld')
s.endswith('x')
s.find('o')
s.find('o', 5)
s.find('zz')
u.find('\u4f60')
s.rfind('o')
s.index('W')
s.index('zz')
s.count('o')
s.count('')
'aaaa'.count('aa')
','.join(['a', 'b'])
','.join([1, 2])
'-'.join('abc')
'{} and {}'.format(1, 'x')
'{1} {0} {name}'.format('a', 'b', name='c')
'{:>5}|{:<5}|{:^5}|'.format('a', 'b', 'c')
'{:05d} {:.2f} {:x} {:,}'.format(42, 3.14159, 255, 1234567)
'{{}} {}'.format(1)
'{0[a]} {1.b}'.format({'a': 1}, {'b': 2})
'{!r}'.format('x')
'{}'.format()
'%s is %d or %.2f' % ('x', 3, 2.5)
'%5s|%-5s|%05d' % ('a', 'b', 42)
'%(a)s' % {'a': 1}
'100%%' % ()
'%s' % 'x'
'%s %s' % ('x',)
'%x %X %o' % (255, 255, 8)
'%r' % 'x'
'%s' | format('y')
'%(a)s' | format(a=5)
'abc'.center(9)
'abc' | center(8)
'abc'.ljust(5) ~ '|'
'abc'.rjust(5, '.')
'-42'.zfill(6)
'42'.isdigit()
'4x'.isdigit()
''.isdigit()
'abc'.isalpha()
'ab1'.isalnum()
'   '.isspace()
'ABC'.isupper()
'abc'.islower()
'prefix-x'.removeprefix('prefix-')
'x.txt'.removesuffix('.txt')
'a=b=c'.partition('=')
'a=b=c'.rpartition('=')
'abc'.partition('x')
'abc'.rpartition('x')
s.nosuch
s.nosuch()
s.__class__
1 + 2
1 - 5
2 * 3
7 / 2
7 // 2
-7 // 2
7 % 3
-7 % 3
7 % -3
7.5 // 2
-7.5 % 2
2 ** 10
2 ** -1
2 ** 0.5
-2 ** 2
1 / 0
1 // 0
1 % 0
1.0 / 3
0.1 + 0.2
1e16
1e15
1e-5
0.0001
123456789.123
1e100
100000.0
1.0
-0.0
5 | float
1 + true
'a' + 'b'
'a' + 1
'a' * 3
3 * 'ab'
'a' * -1
[1] + [2]
[1] * 3
(1,) + (2,)
[1] + (2,)
1 ~ 2 ~ 'x' ~ none ~ true ~ [1]
1 == 1.0
1 == true
'1' == 1
[1, 2] == [1, 2]
[1, 2] == (1, 2)
{'a': 1} == {'a': 1.0}
none == none
1 != 2
1 < 2 < 3
1 < 3 < 2
3 > 2 >= 2
'a' < 'b'
'B' < 'a'
[1, 2] < [1, 3]
[1] < [1, 0]
1 < 'a'
none < 1
1 in [1, 2]
'1' in [1, 2]
'ell' in s
'' in ''
1 in 'abc'
'a' in d
'zz' not in d
2 in d.values()
not true
not ''
not not 1
true and false
1 and 2
0 and x
0 or 'y'
'' or none or 3
true or missing.x
1 if true else 2
1 if false else 2
1 if false
(1 if false) is defined
'a' if z else 'b' if n else 'c'
-n
+n
-(2 + 3) * 2
-n | abs
neg | abs
-2.5 | abs
(2 + 3) * 4
2 + 3 * 4
2 ** 3 ** 2
10 - 3 - 2
1 + 1 ~ 2
'x' ~ 1 + 1
true is true
1 is true
false is false
none is none
n is number
true is number
n is integer
true is integer
f is float
s is string
xs is sequence
s is sequence
d is sequence
d is mapping
xs is mapping
xs is iterable
n is iterable
s is iterable
missing is iterable
missing is sequence
(xs | map('string')) is iterable
(xs | map('string')) is sequence
t is boolean
n is boolean
3 is odd
3 is even
0 is even
9 is divisibleby 3
9 is divisibleby(2)
n is eq 42
n is equalto(42)
n is ne 41
n is gt 41
n is lt(41)
n is ge 42
n is le 41
n is in [42, 1]
'a' is in 'abc'
n is not in [42]
s is lower
'abc' is lower
'ABC' is upper
nil is sameas none
xs is sameas xs
missing is undefined
missing is not defined
n is not string
range is callable
s is callable
'upper' is filter
'nosuch' is filter
'defined' is test
s | escape is escaped
xs is nosuchtest
xs | nosuchfilter
(xs | nosuchfilter) if false else 'lazy'
xs | length
xs | count
d | length
n | length
s | length
none | length
xs | first
xs | last
empty | first
empty | last
(empty | first) is defined
s | first
s | last
d | first
xs | sort
xs | sort(reverse=true)
names | sort
names | sort(case_sensitive=true)
people | sort(attribute='age') | map(attribute='name') | list
people | sort(attribute='age,name') | map(attribute='name') | join(',')
people | sort(attribute='age', reverse=true) | map(attribute='name') | list
mixed | sort
xs | reverse
xs | reverse | list
s | reverse
xs | join
xs | join(', ')
people | join(', ', attribute='name')
names | join(1)
'abc' | join('-')
xs | sum
people | sum(attribute='age')
xs | sum(start=10)
xs | min
xs | max
names | min
names | max
empty | min
people | max(attribute='age')
names | unique | list
xs | unique
[1, 1.0, true, '1', 1] | unique | list
xs | list
s | list
d | list
(1, 2) | list
n | list
xs | map('string') | list
xs | map('string')
names | map('upper') | join(' ')
names | map('replace', 'b', 'p') | list
people | map(attribute='name') | list
people | map(attribute='tags') | list
people | map(attribute='tags', default='-') | list
people | map(attribute='tags.0') | list
xs | map('nosuch') | list
xs | select('odd') | list
xs | select('gt', 1) | list
xs | reject('odd') | list
[0, 1, '', 'a', none] | select | list
[0, 1, '', 'a', none] | reject | list
people | selectattr('tags') | map(attribute='name') | list
people | selectattr('tags', 'defined') | map(attribute='name') | list
people | selectattr('age', 'equalto', 30) | map(attribute='name') | list
people | rejectattr('age', 'eq', 30) | map(attribute='name') | list
people | rejectattr('tags') | list | length
people | selectattr('age', 'eq', 99) | list
(people | selectattr('age', 'eq', 99)) and 'truthy'
people | selectattr('age', 'eq', 30) | first
people | selectattr('age', 'eq', 30) | length
d | items | list
d | items
missing | items | list
xs | items | list
d | dictsort
d | dictsort(case_sensitive=true)
d | dictsort(reverse=true)
ed | dictsort
{'a': 2, 'b': 1} | dictsort(by='value')
{'a': 2, 'b': 1} | dictsort(false, 'value', true)
xs | dictsort
[1, 2, 3, 4, 5] | batch(2) | list
[1, 2, 3, 4, 5] | batch(2, 0) | list
[1, 2, 3, 4, 5] | slice(2) | list
[1, 2, 3, 4, 5] | slice(3, 'x') | list
d | attr('b')
xs | tojson
d | tojson
q | tojson
u | tojson
u | tojson(ensure_ascii=true)
d | tojson(indent=2)
d | tojson(true)
xs | tojson(indent=4)
[] | tojson(indent=2)
{} | tojson(indent=2)
[[], {}, [[]]] | tojson(indent=1)
d | tojson(separators=(',', ':'))
d | tojson(sort_keys=true)
{'b': {'z': 1, 'a': [1, {'k': none}]}} | tojson(indent=2, sort_keys=true)
{1: 2, true: 3, none: 4, 1.5: 6} | tojson
[1.0, 2.5, 1e20, true, none, -0.0] | tojson
(1, 'a') | tojson
range(3) | tojson
xs | map('string') | tojson
d.items() | tojson
range(3) | list
range(1, 4) | list
range(10, 0, -3) | list
range(3)
range(1, 9, 2)
range(0) | list
range(3)[1]
range(5)[-1]
range(3) | length
range(0, 3, 0)
range(1000000000)
range('a')
3 in range(5)
5 in range(5)
4 in range(0, 10, 3)
'42' | int
' 42 ' | int
'4_2' | int
'x' | int
'x' | int(7)
'x' | int(default=8)
'ff' | int(0, 16)
'0xff' | int(0, 16)
'0b11' | int(base=2)
'12.9' | int
3.9 | int
-3.9 | int
none | int
true | int
'1e3' | int
'1.5' | float
'x' | float
'x' | float(1.5)
none | float
' 2.5 ' | float
'1e3' | float
'inf' | float
'-inf' | float
'nan' | float
n | string
[1] | string
none | string
f | round
3.5 | round
2.675 | round(2)
2.5 | round(0, 'ceil')
2.1 | round(method='ceil')
2.9 | round(0, 'floor')
42 | round
1234.5678 | round(2)
1234.5678 | round(-2)
42 | round(-1)
'<a href="x">\'&' | escape
'<b>' | e
'<b>' | safe
('<b>' | safe) + '<i>'
'<i>' + ('<b>' | safe)
('<b>' | safe) ~ '<i>'
'<b>' | e | e
'<b>' | e | forceescape
'<b>' | e | string | length
[('<b>' | safe)]
lines | indent
lines | indent(2)
lines | indent(2, true)
lines | indent(2, first=true)
lines | indent(2, blank=true)
lines | indent('> ')
'one' | indent
n | indent
'The quick brown fox jumps' | truncate(10)
'The quick brown fox jumps' | truncate(10, true)
'The quick brown fox jumps' | truncate(22)
'The quick brown fox' | truncate(12, false, '!')
'The quick brown fox' | truncate(12, leeway=0)
s | upper | lower | title
s | default('x')
e | default('x')
e | default('x', true)
nil | default('x')
nil | d('x', boolean=true)
strftime_now('%Y-%m-%d %H:%M:%S')
strftime_now('%d %b %Y, %A %B %j %p %I %y %a')
strftime_now('%-d/%-m %e %%')
raise_exception('boom: ' ~ n)
dict(a=1, b='x')
dict({'a': 1}, b=2)
dict([('a', 1), ('b', 2)])
namespace(a=1).a
namespace({'x': 3}).x
namespace(a=1).b
namespace(_a=1)
namespace().x is defined
'\n\t\\\'\"\x41\u00e9\U0001f600\101\q'
"double 'single'"
'a' 'b' "c"
0x1F
0b101
0o17
1_000
1_0.5_0
1e3
1.5e-3
007
'unterminated
[1, 2
(1, 2
1 +
1 2
a b
{'a' 1}
x.
x[
foo(a=1, 2)
'x' is
n is
1 is number is number
True and False or None
true == True
[1, [2, [3, ['x', {'y': none}]]]]
[none, true, false, 1.0, -1, 'a\'b', "a\"b", 'a\'"b']
['\u00e9\u200b\x7f\ud7ff\ue000']
(xs | first, xs | last)
xs | map('abs') | sum
'a,b;c'.split(';')[0].split(',')[1]
('a' ~ 1) * 2
xs|length > 2 and s|length == 11
s.split(' ')[-1].upper()
s.split(' ') | map('first') | join
not xs is defined
not missing is defined
xs is defined and xs | length
people[0].name ~ people[-1]['name']
people[0]['tags'][0]
'Hello' in s and 'World' in s
'%s' % [1, 2]
'%s' % (1, 2)
xs == [3, 1, 2] == [3, 1, 2]
1 < 2 == true
(1 < 2) == true
1 | string + '2'
'a' | upper ~ 'b' | upper
('x' if t else 'y') ~ 'z'
[1, 2, 3][1:][0]
{'a': {'b': [10, 20]}}.a.b[-1]
{'a': 1}.get
'abc'.upper
xs.index(2)
xs.index(2, -1)
xs.count(1)
range(2, 12, 3).index(8)
range(5).count(true)
range(2, 12, 3)[1:]
range(9)[::-2]
range(9)[7:2:-2] | list
range(3, 7).stop
d.fromkeys('ab', 0)
42.bit_length()
n.real
f.is_integer()
2.0.is_integer()
f.imag
joiner
joiner()()
people | groupby('age')
people | groupby('age') | map(attribute='grouper') | list
people | groupby('age') | map(attribute='list') | map('length') | list
people | groupby('nope', default=1) | length
names | groupby(0) | list
names | groupby(0, case_sensitive=true) | list
{'class': 'a b', 'id': none, 'x': missing, 't': '<"&'} | xmlattr
{'class': 1} | xmlattr(false)
{'a b': 1} | xmlattr
xs | xmlattr
'a b/c?d=é&~' | urlencode
{'a b': 'c/d', 'n': 1} | urlencode
[('a', 1), ('b', '你')] | urlencode
42 | urlencode
0 | filesizeformat
1 | filesizeformat
999 | filesizeformat
1000 | filesizeformat
1234567 | filesizeformat
1234567 | filesizeformat(true)
1e30 | filesizeformat
'1500' | filesizeformat
'x' | filesizeformat
u | wordcount
'a_b c-d é你 1½' | wordcount
'٣'.isdigit()
'²'.isdecimal()
'²'.isdigit()
'½'.isnumeric()
'½a一'.isalnum()
'\u0391\u03a3'.lower()
'\u0391\u03a3\u0391 \u03a3 \u0391\u03a3.'.lower()
"\u0391\u03a3'\u0391 \u0391'\u03a3".lower()
'\u0391\u0301\u03a3\u0301b'.lower()
'\u0391\u03a3'.title()
'\u0391\u03a3' | title
'\u0391\u03a3 \u03a3'.capitalize()
'\u0391\u03a3\u03a3'.swapcase()
'\u0391\u03a3' | lower
lines.splitlines(missing)
missing | attr('x')
'Ab Cd'.istitle()
'Ab cd'.istitle()
'aé'.isascii()
'a'.isprintable()
'a	bc	d
	e'.expandtabs()
'a	bc'.expandtabs(4)
'a	bc'.expandtabs(tabsize=0)
'{a}-{b}'.format_map(d)
'{zz}'.format_map(d)
'x'.strip(chars='x')
'x'.upper(1)
xs | length(1)
3 is odd(1)
d.items(1)
n[1:]
'abc' is filter
xs is filter
dict(missing)
xs | map('int', 1, 'x') | list
'12' | int(7, 99)
2.5 | round(42)
'{:>6}|{:<6}|{:^6}|{:=6}|{:06}'.format(42, 42, 42, -42, -42)
'{:06}|{:<06}|{:*>6}'.format('ab', 'ab', 'ab')
'{:,} {:_} {:_x} {:_b} {:010,} {:,.2f}'.format(1234567, 1234567, 3735928559, 1000, 1234, 1234567.891)
'{:+} {: } {:-} {:+.1f}'.format(1, 1, 1, 1.25)
'{:#x} {:#o} {:#b} {:#X} {:c}'.format(255, 8, 5, 255, 97)
'{:.3} {:.3} {:.3} {:.1} {:.2}'.format(1234.5, 0.00001234, 100.0, 5.0, 10.0)
'{:g} {:g} {:G} {:e} {:E} {:%} {:.1%} {:n}'.format(1e20, 0.1, 1e-10, 12345.678, 0.5, 0.5, 0.123, 5)
'{:>5}|{:d}|{:5.1f}'.format(true, true, true)
'{:5}'.format(none)
'{:5}'.format([1])
'{:d}'.format(1.5)
'{:.2}'.format(5)
'{:s}'.format(5)
'{:+}'.format('x')
'{!a} {!s} {!r}'.format('é
', 1, 'x')
'%5.3d|%+d|% d|%x|%#x|%o|%e|%E|%g|%G|%c|%c|%a|%i|%u' % (5, 5, 5, 255, 255, 8, 1.5, 1.5, 1e10, 1e-10, 97, 'b', 'é', 3.9, 3)
'%s' % []
'x' % []
'x' % 1
'%.2s|%5.1s|' % ('abc', 'abc')
'%d' % 'x'
'%x' % 1.5
(1, 2, 1).count(1)
lines.split('\n') | select | list
u.split()
[u]
100000 | round(-5)
50000 | round(-5)
-150000 | round(-5)
-250000 | round(-5)
true | round(-1)
9007199254740993 | round(-1)
9223372036854775807 | round(-18)
(-9223372036854775807 - 1) | round(-18)
[25.0 | round(-1), 35.0 | round(-1), -3.0 | round(-1), -15.0 | round(-1)]
[22517998136852484.0 | round(-1), 1e22 | round(-1), 12345678901234567890123.0 | round(-3)]
'-9223372036854775808' | int
'99999999999999999999x' | int
9210000000000000000.0 | int
['1__2' | int, '_1' | int, '1_' | int, '1_0' | int]
['1__2' | float, '_1' | float, '1_.5' | float, '1._5' | float, '1e_5' | float, '1_0.2_5' | float, '1e1_0' | float]
['1e-400' | float, '-1e-400' | float, '1e400' | string | float, '1e-99999999999999999999' | float, '1e99999999999999999999' | float]
[('0.' ~ '0' * 400 ~ '1') | float, ('-.' ~ '0' * 400 ~ '1') | float, ('1' ~ '0' * 400) | float]
[('1' ~ '0' * 400 ~ 'e-10') | float, ('1' ~ '0' * 400 ~ 'e-399') | float, ('0.' ~ '0' * 400 ~ '1e+10') | float, ('0.' ~ '0' * 400 ~ '1e401') | float]
names | map('replace', 'bob', 'inf') | map('float') | map('int') | list
'x'.center(-9223372036854775807 - 1) ~ 'x'.ljust(-9223372036854775807 - 1) ~ 'x'.rjust(-9223372036854775807 - 1)
'x'.zfill(-9223372036854775807 - 1)
'aXaX'.replace('a', 'b', -9223372036854775807 - 1)
range(-9223372036854775807, 9223372036854775807, 4611686018427387904) | list
range(-9223372036854775807, 9223372036854775807, 9223372036854775807)[2]
'{a}-{b[0]}-{c.d}-{a:>4}'.format_map({'a': 1, 'b': [2], 'c': {'d': 3}})
'{0}'.format_map({'0': 1})
'{}'.format_map({'': 1})
'{a}'.format_map([1])
'x'.format_map([1])
'{!a}'.format('é你😀')
1 | tojson(indent='ab')
[1, {'a': 2}] | tojson(indent='ab', separators=('<', '>'))
""".strip("\n").split("\n")

STATEMENTS = [
    # white space control
    "a\n{% if true %}\nb\n{% endif %}\nc\n", "a\n  {% if true %}  \n  b\n  {% endif %}\nc", "a {%- if true -%} b {%- endif -%} c", "a  {%+ if true %}b{% endif +%}\nc",
    "{{ 1 }}\n{{ 2 }}\n", "  {{ 1 }}  ", "a  {{- 1 -}}  b", "x\n\n  {%- set a = 1 -%}\n\n y", "{# c #}\nx", "a {#- c -#} b", "  {# c #}  x", "x{# a\nb #}\n\ny", "{#-#}x",
    "\n\n{% set a=1 %}\n\n{{ a }}\n\n", "a\r\nb\rc\r\n", "x\n", "x\n\n", "   {% set a = 1 %}{{ a }}", "t {% set a = 1 %}\n {% set b = 2 %}\nz", "{{ '{{' }} {{ '%}' }}", "{{ '}}' }}",
    "{% raw %}{{ x }} {% if %}{% endraw %}", "a\n  {% raw %}\n  x\n  {% endraw %}\nb", "a {%- raw -%} x {%- endraw -%} b", "{%raw%}{%endraw%}x", "{ { }} { % #}", "{", "{{ {'a': {'b': 1}} }}", "{{{'a': 1}}}",
    "a{% if 1 %}\t\n{% endif %}b", "{%- if true %} x{% endif %}", "\u00e9 {% if true %}\u00fc{% endif %}", "\u2028{%- if true -%}\u3000x{% endif %}",
    # set, scope
    "{% set x = 1 %}{{ x }}", "{% set x, y = 1, 2 %}{{ x }}{{ y }}", "{% set (x, y), z = (1, 2), 3 %}{{ x }}{{ y }}{{ z }}", "{% set x = 1, 2 %}{{ x }}", "{% set x %}a{{ n }}b{% endset %}[{{ x }}]",
    "{% set x | upper | replace('B', '-') %}abc{% endset %}{{ x }}", "{% set x = 1 %}{% for i in xs %}{% set x = i %}{{ x }}{% endfor %}{{ x }}", "{% set ns = namespace(x=1) %}{% for i in xs %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}",
    "{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}", "{% if false %}{% set x = 2 %}{% endif %}{{ x is defined }}", "{% if not s2 is defined %}{% set s2 = 'dflt' %}{% endif %}{{ s2 }}", "{% set s = s ~ '!' %}{{ s }}",
    "{% set x.y = 1 %}", "{% set d.y = 1 %}", "{% set x, y = [1] %}", "{% set x, y = 'ab' %}{{ y }}{{ x }}", "{% set ns = namespace() %}{% set ns._x = 1 %}", "{% set none = 1 %}", "{% set x = %}", "{% set 1 = 2 %}",
    "{% set ns = namespace(a=[]) %}{% for i in xs %}{% set ns.a = ns.a + [i] %}{% endfor %}{{ ns.a }}", "{% set ns = namespace(a=1) %}{{ ns['a'] }}{{ ns.a is defined }}{{ ns.q is defined }}", "{% set ns = namespace() %}{% set ns.b %}x{{ n }}{% endset %}{{ ns.b }}",
    "{% set x = [] %}{{ x.append(1) }}", "{% for i in xs %}{% set y = i %}{% endfor %}{{ y is defined }}", "{% set x = 5 %}{% for x in xs %}{{ x }}{% endfor %}{{ x }}", "{% set loop = 3 %}{{ loop }}{% for a in xs %}{{ loop.index }}{% endfor %}{{ loop }}",
    # if
    "{% if z %}a{% elif n %}b{% else %}c{% endif %}", "{% if z %}a{% elif z %}b{% else %}c{% endif %}", "{% if z %}a{% endif %}", "{% if empty %}a{% else %}b{% endif %}", "{% if 1, 2 %}a{% endif %}", "{% if true %}", "{% endif %}", "{% if %}x{% endif %}", "{% if true %}{% else %}{% else %}{% endif %}", "{% if true: %}x{% endif %}",
    "{% if n == 42 and s.startswith('H') or missing.x %}y{% endif %}", "{% if false %}{{ x | nosuch }}{% endif %}ok", "{% if true %}{{ x | nosuch }}{% endif %}ok", "{% if false %}{% for a in xs %}{{ x | nosuch }}{% endfor %}{% endif %}ok",
    # for
    "{% for x in xs %}{{ x }},{% endfor %}", "{% for x in xs %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }};{% endfor %}",
    "{% for x in xs %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}", "{% for x in xs %}{{ loop.previtem is defined }}{{ loop.nextitem is undefined }}{% endfor %}", "{% for x in empty %}a{% else %}none{% endfor %}", "{% for x in xs %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in xs if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% endfor %}", "{% for x in xs if x > 9 %}{{ x }}{% else %}none{% endfor %}", "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k in d %}{{ k }}{% endfor %}", "{% for k, v in d | dictsort %}{{ k }}{% endfor %}",
    "{% for c in 'a\u00f1\u4f60' %}[{{ c }}]{% endfor %}", "{% for a, b in [[1, 2], [3, 4]] %}{{ a + b }} {% endfor %}", "{% for a, b in [[1, 2, 3]] %}{% endfor %}", "{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "{% for x in n %}{% endfor %}", "{% for x in nil %}{% endfor %}", "{% for x in missing %}a{% else %}b{% endfor %}",
    "{% for x in xs %}{% for y in xs %}{{ loop.index }}{{ x }}{{ y }} {% endfor %}{{ loop.index }}{% endfor %}", "{% for x in xs %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}", "{% for x in xs %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}done", "{% for x in xs %}{% for y in xs %}{% break %}{% endfor %}{{ x }}{% endfor %}",
    "{% break %}", "{% for x in range(3) %}{{ x }}{% endfor %}", "{% for x in xs | reverse %}{{ x }}{{ loop.length }}{% endfor %}", "{% for x in xs | map('string') %}{{ x }}{{ loop.last }}{% endfor %}", "{% set g = xs | map('string') %}{{ g | list }}{{ g | list }}", "{% set g = xs | select('odd') %}{% for a in g %}{{ a }}{% endfor %}{% for a in g %}{{ a }}{% endfor %}",
    "{% for x in xs %}{{ loop.cycle('a', 'b') }}{% endfor %}", "{% for x in [1, 1, 2] %}{{ loop.changed(x) }}{% endfor %}", "{% for x in xs %}", "{% for in xs %}{% endfor %}", "{% for x xs %}{% endfor %}", "{% for x in xs, [9] %}{{ x }}{% endfor %}", "{% for x in (1, 2) %}{{ x }}{% endfor %}", "{% for x in xs[1:] %}{{ x }}{% endfor %}",
    "{% for m in people if m.age == 30 %}{{ m.name }}{{ loop.first }}{% endfor %}", "{% for x in xs %}{{ loop.nosuch }}{% endfor %}", "{{ loop is defined }}", "{% for x in xs %}{% if loop.first %}<{% endif %}{{ x }}{{ '>' if loop.last else ',' }}{% endfor %}",
    "{% for x in xs %}{% continue %}{% else %}none got through{% endfor %}", "{% for x in xs %}{% if loop.last %}{% break %}{% endif %}{% else %}n{% endfor %}", "{% for x in xs %}{% break %}{% else %}n{% endfor %}",
    "{% for x in [[1, [[2, []]]], [3, []]] recursive %}{{ loop.depth }}{{ loop.index }}:{{ x[0] }}({{ loop(x[1]) }}){% endfor %}", "{% for x in [1, [2, [3]]] recursive %}{% if x is number %}{{ x }}{% else %}<{{ loop(x) }}>{% endif %}{% endfor %}", "{% for x in xs %}{{ loop(xs) }}{% endfor %}",
    "{% for x in [[1], [], 2] recursive if x != 2 %}{{ loop.depth0 }}{{ loop(x) if x is sequence }}{% else %}-{% endfor %}", "{% for x in xs recursive %}{{ loop() }}{% endfor %}", "{% set ns = namespace() %}{% for x in xs recursive %}{% set ns.l = loop %}{% endfor %}{{ loop }}",
    "{% set c = cycler('a', 'b') %}{% for x in xs %}{{ c.next() }}{{ c.current }}{% endfor %}{{ c.reset() }}{{ c.next() }}", "{{ cycler() }}", "{% set j = joiner('|') %}{% for x in xs %}{{ j() }}{{ x }}{% endfor %}", "{% set j = joiner() %}{% for x in xs %}{{ j() }}{{ x }}{% endfor %}",
    "{% for g, l in people | groupby('age') %}{{ g }}:{{ l | map(attribute='name') | join('+') }} {% endfor %}", "{% for g in people | groupby('age') %}{{ g.grouper }}{{ g.list | length }}{{ g[0] }}{% endfor %}", "{% filter length %}abc{% endfilter %}",
    "{% macro m(a, b) %}{{ m.name }}{{ m.arguments }}{{ m.catch_kwargs }}{{ m.catch_varargs }}{{ m.caller }}{% endmacro %}{{ m() }}{{ m.name }}", "{% macro m() %}{{ varargs }}{{ kwargs }}{{ caller() }}{% endmacro %}{{ m.catch_kwargs }}{{ m.catch_varargs }}{{ m.caller }}",
    "a\u00e9{% generation %}x{{ u }}{% endgeneration %}b{% generation %}{% endgeneration %}{% generation %}y{% endgeneration %}", "a{% for x in xs %}{% generation %}{{ x }}{% endgeneration %},{% endfor %}", "a{% generation %}b{% generation %}c{% endgeneration %}{% endgeneration %}",
    "{% raw %}\n", "a{% raw %}", "{#", "a{#-", "{# ", "{% if false %}{{ x is a.b }}{% endif %}ok", "{{ x is a.b }}", "{{ xs | sort(missing) }}", "{{ xs | sort(none) }}", "{{ xs | sort(1) }}", "{{ d | dictsort(reverse='x') }}", "{{ dict(a=1, a=2) }}", "{% macro m(a, a) %}{% endmacro %}", "{{ x\u00a0 }}{{ n\u00a0+ 1 }}",
    "{{ missing | last }}", "{{ (-0.4) // (-2) }}", "{% macro m() %}{{ kwargs | length }}{{ kwargs.caller() }}{% endmacro %}{% call m() %}b{% endcall %}",
    "{% for i in xs %}{% set x %}a{% if i == 1 %}{% break %}{% endif %}b{% endset %}{{ i }}{{ x }};{% endfor %}|", "{% for i in xs %}{% set x | upper %}a{% if i == 1 %}{% continue %}{% endif %}b{% endset %}{{ i }}{{ x }};{% endfor %}|",
    "{% for i in xs %}{% filter upper %}a{% if i == 1 %}{% break %}{% endif %}b{% endfilter %}{{ i }};{% endfor %}|", "{% for i in xs %}{% filter upper %}{% set x %}a{% if i == 1 %}{% continue %}{% endif %}b{% endset %}{{ x }}{% endfilter %}{{ i }};{% endfor %}|",
    "{% set ns = namespace(x=9) %}{% for i in xs %}{% set ns.x %}{{ i }}{% if i == 1 %}{% break %}{% endif %}{% endset %}{% endfor %}{{ ns.x }}", "{% filter upper %}{% break %}{% endfilter %}", "{% set x %}{% break %}{% endset %}",
    "{% for i in xs %}{% filter upper %}{% macro m() %}{% break %}{% endmacro %}{% endfilter %}{% endfor %}", "{% for i in xs %}{% for j in empty %}{% else %}{% filter upper %}{% break %}{% endfilter %}{% endfor %}{{ i }}{% endfor %}|",
    # macro, call, filter, with
    "{% macro m(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(b=5, a=4) }}", "{% macro m(a) %}{{ a is defined }}{% endmacro %}{{ m() }}", "{% macro m(a) %}{{ a.x }}{% endmacro %}{{ m() }}", "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{% endmacro %}{{ m(b=1) }}", "{% macro m(a, b=a) %}{{ b }}{% endmacro %}{{ m('x') }}",
    "{% macro m(*a) %}{% endmacro %}", "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}", "{% macro m(a) %}{{ a }}{{ varargs | length }}{% endmacro %}{{ m(1, 2, 3) }}", "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}",
    "{% set x = 1 %}{% macro m() %}{{ x }}{% endmacro %}{% set x = 2 %}{{ m() }}", "{% macro m() %}{% set y = 1 %}{{ y }}{% endmacro %}{{ m() }}{{ y is defined }}", "{% for i in xs %}{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% endfor %}", "{% macro m() %}{{ loop is defined }}{% endmacro %}{% for i in xs %}{{ m() }}{% endfor %}",
    "{% macro m() %}  x\n{% endmacro %}[{{ m() | trim }}]", "{% macro m(x) -%} {{ x }} {%- endmacro %}[{{ m(1) }}]", "{% macro a() %}A{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}", "{% macro m() %}{{ m2() }}{% endmacro %}{{ m() }}",
    "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}body{{ n }}{% endcall %}", "{% macro m() %}{{ caller(1, 2) }}{% endmacro %}{% call(a, b) m() %}{{ a + b }}{% endcall %}", "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}", "{% macro m() %}x{% endmacro %}{% call m() %}y{% endcall %}", "{% call s %}{% endcall %}",
    "{% filter upper %}a{{ s }}{% endfilter %}", "{% filter replace('a', 'b') | upper %}banana{% endfilter %}", "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}", "{% with %}{% set q2 = 1 %}{{ q2 }}{% endwith %}{{ q2 is defined }}", "{% print 1, 'a' %}",
    "{% generation %}x{{ n }}{% endgeneration %}", "{% generation %}{% set g1 = 1 %}{% endgeneration %}{{ g1 is defined }}", "{% macro m(a=[], b={}, c='x' ~ 'y') %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m() }}", "{{ m() }}{% macro m() %}x{% endmacro %}", "{% macro m(a, a2=1, b) %}{% endmacro %}",
    "{% set a = [1, 2] %}{% set k = {'b': 3} %}{% macro m(x, y, b) %}{{ x }}{{ y }}{{ b }}{% endmacro %}{{ m(*a, **k) }}", "{{ dict(**{'a': 1}) }}", "{{ range(*[1, 3]) | list }}",
    # errors
    "{% nosuch %}", "{% include 'x' %}", "{{ }}", "{{ 1", "{% if true", "{# open", "{{ 'open }}", "{{ ) }}", "{{ (] }}", "{{ [1,,2] }}", "{{ a..b }}", "{{ $ }}", "{{ 1 ? 2 }}", "{% raw %}x", "{% set x %}x", "{% macro m( %}", "{% %}", "{{ not }}", "{{ x is not }}", "{{ 'a' if }}", "{% endfor %}", "{% elif %}", "{{ foo(**a, **b) }}", "{{ foo(*a, *b) }}",
]


def cases():
    for e in EXPRESSIONS:
        yield {"template": "{{ " + e + " }}", "extra": CONTEXT}
    for s in STATEMENTS:
        yield {"template": s, "extra": CONTEXT}
