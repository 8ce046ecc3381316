# With ATTUNE_LUMP ON a target's files are compiled as one: most of the time of a build goes into headers and templates that
# every file repeats. (Release with its tests, cold, 2 cores of Ice Lake: 10 min 18 s; eight files at a time took 17 min,
# and precompiled headers did less.) Names in anonymous namespaces then meet: a clash is resolved by better names, and a
# room whose files repeat names on purpose says APART. A build by CMake alone, and the release build of
# `./run test --full`, compile every file of the library by itself, so that one which forgets an #include is found; TESTS
# lumps the tests alone.
function(attune_lump TARGET)
  if(ATTUNE_LUMP AND NOT ("${ATTUNE_LUMP}" STREQUAL "TESTS" AND NOT "${TARGET}" MATCHES "_tests$"))
    set_target_properties(${TARGET} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 64)
  endif()
endfunction()

# attune_room(NAME SOURCES a.cpp ... [DEPENDS lower rooms ...] [LINK outside libraries ...])
# A room is one folder under attune/, one namespace and one static library `attune_NAME`. DEPENDS lists the rooms
# below it: a room that includes something it does not depend on does not link, and tools/check_layers.py says so first.
function(attune_room NAME)
  cmake_parse_arguments(ROOM "APART" "" "SOURCES;DEPENDS;LINK;PRIVATE_LINK" ${ARGN})
  add_library(attune_${NAME} STATIC ${ROOM_SOURCES})
  target_include_directories(attune_${NAME} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                                                   $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(attune_${NAME} PUBLIC cxx_std_20)
  target_link_libraries(attune_${NAME} PRIVATE $<BUILD_INTERFACE:attune_rules> ${ROOM_PRIVATE_LINK})
  if(ATTUNE_OPENMP)  # by itself, so that an installed attune brings it along
    target_link_libraries(attune_${NAME} PRIVATE OpenMP::OpenMP_CXX)
  endif()
  foreach(dep ${ROOM_DEPENDS})
    target_link_libraries(attune_${NAME} PUBLIC attune_${dep})
  endforeach()
  target_link_libraries(attune_${NAME} PUBLIC ${ROOM_LINK})
  set_target_properties(attune_${NAME} PROPERTIES EXPORT_NAME ${NAME})
  if(NOT ROOM_APART)
    attune_lump(attune_${NAME})
  endif()
  set_property(GLOBAL APPEND PROPERTY ATTUNE_ROOMS attune_${NAME})
endfunction()

# attune_test(ROOM SOURCES a_test.cpp ... [DEPENDS more rooms ...] [LABELS ...]): one GoogleTest program a room,
# `ROOM_tests`. Label `threads`: several threads are at work, so the thread sanitizer has something to see.
# Golden files are found through ATTUNE_TEST_DATA, the project's tests/ folder.
function(attune_test ROOM)
  cmake_parse_arguments(TEST "APART" "" "SOURCES;DEPENDS;LINK;LABELS" ${ARGN})
  add_executable(${ROOM}_tests ${TEST_SOURCES})
  target_link_libraries(${ROOM}_tests PRIVATE attune_rules attune_${ROOM} ${TEST_LINK} GTest::gtest GTest::gtest_main)
  foreach(dep ${TEST_DEPENDS})
    target_link_libraries(${ROOM}_tests PRIVATE attune_${dep})
  endforeach()
  target_compile_options(${ROOM}_tests PRIVATE ${ATTUNE_TEST_FLAGS})
  target_compile_definitions(${ROOM}_tests PRIVATE ATTUNE_TEST_DATA="${PROJECT_SOURCE_DIR}/tests")
  if(NOT TEST_APART)
    attune_lump(${ROOM}_tests)
  endif()
  add_test(NAME ${ROOM} COMMAND ${ROOM}_tests)
  set_tests_properties(${ROOM} PROPERTIES LABELS "${TEST_LABELS}")
endfunction()
