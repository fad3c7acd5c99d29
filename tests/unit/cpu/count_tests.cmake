# Fails when PROGRAM (a doctest program, behind its emulator where it needs one) does not run every TEST_CASE of the
# SOURCES: no test is left out on one processor and not on another.
set(written 0)
foreach(source ${SOURCES})
  file(STRINGS ${source} cases REGEX "^TEST_CASE")
  list(LENGTH cases count)
  math(EXPR written "${written} + ${count}")
endforeach()
execute_process(COMMAND ${PROGRAM} --count --no-skip OUTPUT_VARIABLE said RESULT_VARIABLE failed)
string(REGEX MATCH "test cases passing the current filters: ([0-9]+)" found "${said}")
if(failed OR NOT found OR NOT CMAKE_MATCH_1 EQUAL written OR written EQUAL 0)
  message(FATAL_ERROR "${written} test cases are written, the program says: ${said}")
endif()
message(STATUS "${written} test cases")
