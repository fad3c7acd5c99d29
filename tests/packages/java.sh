#!/usr/bin/env bash
# Builds the jars, installs it into a local Maven repository that has never seen it, and is a stranger to it from an empty
# folder: a sample project depends on it, jshell runs README's Java lines, the examples run.   java.sh BUILD SOURCE MODEL
set -euo pipefail
build=$1 source=$2 model=$3
[ -e "$model" ] || { echo "No model: configure with -DINFER_SMOLLM2=FILE (./dev test does)"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A local repository of the tests' own, which keeps other people's jars from run to run, and none of ours.
m2=${INFER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libinfer}/m2
mkdir -p "$m2"
exec 9>"$m2/.lock"
flock 9
rm -rf "$m2/org/libinfer"
"$source/bindings/java/build.sh" "$build" install -DskipTests -Dmaven.repo.local="$m2" -Dlibinfer.target="$work/target"
installed=$m2/org/libinfer/libinfer/0.1.0
jar=$installed/libinfer-0.1.0.jar
for suffix in .jar -sources.jar -javadoc.jar .pom; do [ -s "$installed/libinfer-0.1.0$suffix" ] || { echo "no $suffix"; exit 1; }; done
jar --describe-module --file "$jar" | grep '^exports org.libinfer$' >/dev/null
[ "$(javap -v -cp "$jar" org.libinfer.LLM | sed -n 's/.*major version: //p')" = 55 ] || { echo "not Java 11's bytecode"; exit 1; }
unzip -l "$jar" | grep 'META-INF/native/.*/libinfer_jni.so' >/dev/null
unzip -l "$installed/libinfer-0.1.0-sources.jar" | grep 'org/libinfer/SamplingParams.java' >/dev/null
unzip -p "$installed/libinfer-0.1.0-javadoc.jar" org.libinfer/org/libinfer/SamplingParams.Builder.html | grep 'keep the k most likely\|Keep the k most likely' >/dev/null

# README's lines, with the model's name put in: in jshell without any flag but the jar, and as a program.
awk '/^```java$/{on=1;next} /^```$/{if(on)exit} on' "$source/README.md" | sed "s|\"model.gguf\"|\"$model\"|" >"$work/lines"
[ "$(wc -l <"$work/lines")" -ge 8 ] || { echo "README.md has no Java lines"; exit 1; }
cd "$work"
echo '/exit' | cat lines - | jshell -R-Dlibinfer.extract.dir="$work/extracted" --class-path "$jar" -s - 2>&1 | tee jshell.out
grep -q Paris jshell.out
! grep -q -i 'exception\|error' jshell.out

cp -r "$source/tests/packages/java-sample" sample
mkdir -p sample/src/main/java/sample
{ echo 'package sample;'; grep '^import' lines; echo 'class Main { public static void main(String[] args) {'; grep -v '^import' lines; echo '} }'; } \
  >sample/src/main/java/sample/Main.java
mvn -B -q -f sample/pom.xml -Dmaven.repo.local="$m2" package
path=$jar:$m2/org/jspecify/jspecify/1.0.0/jspecify-1.0.0.jar:sample/target/classes
java -Dlibinfer.extract.dir="$work/extracted" -cp "$path" sample.Main | tee main.out
grep -q Paris main.out
java -Dlibinfer.extract.dir="$work/extracted" -p "$path" -m sample/sample.Main >module.out
cmp main.out module.out

java -Dlibinfer.extract.dir="$work/extracted" -cp "$jar" "$source/examples/java/Hello.java" "$model" "Name the capital of France." | tee hello.out
grep -q Paris hello.out
printf 'My name is Ada.\nWhat is 2+2?\n\n' | java -Dlibinfer.extract.dir="$work/extracted" -cp "$jar" "$source/examples/java/Chat.java" "$model" | tee chat.out
[ "$(grep -c '^> .' chat.out)" = 2 ]
if java -Dlibinfer.extract.dir="$work/extracted" -cp "$jar" "$source/examples/java/Hello.java" "$source/README.md" 2>wrong.out; then exit 1; fi
grep -q 'not a GGUF file but text' wrong.out

# The models of langchain4j: built against the installed jar, tested, installed beside it.
mvn -B -q -f "$source/bindings/java/langchain4j/pom.xml" -Dmaven.repo.local="$m2" -Dlibinfer.target="$work/langchain4j" \
  -Dlibinfer.smollm2="$model" install
[ -s "$m2/org/libinfer/libinfer-langchain4j/0.1.0/libinfer-langchain4j-0.1.0.jar" ]
[ "$(cat "$work"/langchain4j/surefire-reports/TEST-*.xml | grep -c '<testcase ')" -ge 8 ]
