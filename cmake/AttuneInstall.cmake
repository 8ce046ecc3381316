# `cmake --install` and find_package(attune): one name, attune::attune, that brings every room; attune::c_shared is the C interface alone.
include(CMakePackageConfigHelpers)
get_property(rooms GLOBAL PROPERTY ATTUNE_ROOMS)
add_library(attune INTERFACE)
target_link_libraries(attune INTERFACE ${rooms})
add_library(attune::attune ALIAS attune)
install(TARGETS attune_c_shared EXPORT attuneTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development)
install(TARGETS attune ${rooms} EXPORT attuneTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY attune/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/attune COMPONENT development FILES_MATCHING PATTERN "*.h")
install(EXPORT attuneTargets NAMESPACE attune:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/attune COMPONENT development)
configure_package_config_file(cmake/attuneConfig.cmake.in ${PROJECT_BINARY_DIR}/attuneConfig.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/attune)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/attuneConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/attuneConfig.cmake ${PROJECT_BINARY_DIR}/attuneConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/attune COMPONENT development)
