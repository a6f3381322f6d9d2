# Rooms: one static library a folder of src/, linked as cmake/rooms.txt allows.

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/cmake/rooms.txt")

# Reads rooms.txt into STELE_ROOMS (all names), STELE_FLOOR_<room> and STELE_DEPS_<room>.
file(STRINGS "${CMAKE_SOURCE_DIR}/cmake/rooms.txt" stele_room_lines REGEX "^[0-9]")
foreach(line IN LISTS stele_room_lines)
  if(NOT line MATCHES "^([0-9]+) ([a-z]+):([a-z ]*)$")
    message(FATAL_ERROR "cmake/rooms.txt: '${line}' is not '<floor> <room>: <rooms>'")
  endif()
  set(room ${CMAKE_MATCH_2})
  list(APPEND STELE_ROOMS ${room})
  set(STELE_FLOOR_${room} ${CMAKE_MATCH_1})
  string(STRIP "${CMAKE_MATCH_3}" deps)
  string(REPLACE " " ";" STELE_DEPS_${room} "${deps}")
endforeach()

# stele_room(<name> [external libraries…]): the library stele_<name>, its tests, fuzzers and benches. A room without
# sources yet is an interface library, so that others can link it from its first day.
function(stele_room room)
  if(NOT room IN_LIST STELE_ROOMS)
    message(FATAL_ERROR "src/${room} is not listed in cmake/rooms.txt")
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${room}/*.cc")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${room}/*.h")
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz|_bench|/main)\\.cc$")

  set(target stele_${room})
  if(sources)
    set(reach PUBLIC)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PRIVATE stele_flags)
    stele_quick(${target} ${room})
  else()
    set(reach INTERFACE)
    add_library(${target} INTERFACE)
  endif()
  target_include_directories(${target} ${reach} "${CMAKE_SOURCE_DIR}/src")
  target_link_libraries(${target} ${reach} ${ARGN})
  foreach(dep IN LISTS STELE_DEPS_${room})
    target_link_libraries(${target} ${reach} stele_${dep})
  endforeach()

  # Each header compiles alone: what its own source includes first is compiled alone there, which tools/check/rules.py sees to,
  # and the others are by the target all_verify_interface_header_sets, run by `./x check`.
  foreach(source IN LISTS sources)
    string(REGEX REPLACE "\\.cc$" ".h" header "${source}")
    list(REMOVE_ITEM headers "${header}")
  endforeach()
  if(headers)
    target_sources(${target} ${reach} FILE_SET HEADERS BASE_DIRS "${CMAKE_SOURCE_DIR}/src" FILES ${headers})
    set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  endif()
endfunction()

# Sets `out` to the libraries that test code of `room` may use: every room on its floor or below.
function(stele_reachable room out)
  set(libraries stele_${room})
  foreach(other IN LISTS STELE_ROOMS)
    if(STELE_FLOOR_${other} LESS_EQUAL STELE_FLOOR_${room})
      list(APPEND libraries stele_${other})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES libraries)
  set(${out} ${libraries} PARENT_SCOPE)
endfunction()
