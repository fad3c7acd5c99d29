# cmake -DOUT=FILE.cc -DFILES=A.json,B.json -P embed.cmake: the table of embedded.h. JSON that is ASCII alone.
string(REPLACE "," ";" FILES "${FILES}")
set(arrays "")
set(rows "")
set(i 0)
foreach(path ${FILES})
  file(READ ${path} text)
  string(LENGTH "${text}" length)
  set(pieces "")
  set(at 0)
  while(at LESS length)
    string(SUBSTRING "${text}" ${at} 8000 piece)
    string(APPEND pieces "R\"~(${piece})~\",\n")
    math(EXPR at "${at} + 8000")
  endwhile()
  get_filename_component(name ${path} NAME)
  string(APPEND arrays "constexpr std::string_view kFile${i}[] = {\n${pieces}};\n")
  string(APPEND rows "    {\"${name}\", kFile${i}},\n")
  math(EXPR i "${i} + 1")
endforeach()
file(WRITE ${OUT} "#include \"tests/backends/embedded.h\"
namespace infer::conformance {
namespace {
${arrays}const Embedded kFiles[] = {
${rows}};
}  // namespace
std::span<const Embedded> embedded_files() { return kFiles; }
}  // namespace infer::conformance
")
