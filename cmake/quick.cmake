# What makes the builds with sanitizers quick.
#
# STELE_UNITY compiles the files of a room as one, so that what they include is read once. Names in the unnamed namespaces of such a
# room's files differ, therefore; the build says where two do not. The presets release and debug compile each file alone, which shows
# what one forgot to include. (With link-time optimisation, ld of binutils 2.40 takes such objects twice.)
#
# A sanitizer's instructions take the optimiser several times as long as the code: rooms that wait for others, and are not in the way
# of a request, do without.

# Formats, whose files each have a kMagic and a kVersion of their own, and commands, which each have their Options.
set(STELE_FILE_BY_FILE cli crypto keyring log sql verify)

set(STELE_WAITING agent cli notify oidc timeline)

# stele_quick(<target> <room>): for the room's library or tests.
function(stele_quick target room)
  if(STELE_UNITY AND NOT room IN_LIST STELE_FILE_BY_FILE)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  endif()
  if(STELE_SANITIZE AND room IN_LIST STELE_WAITING)
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()
