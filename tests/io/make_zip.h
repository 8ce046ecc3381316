// Zip archives for tests.
#pragma once
#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>
#include <zip.h>

namespace attune::test {

inline std::filesystem::path make_zip(const std::filesystem::path& path,
                                      const std::vector<std::pair<std::string, std::string>>& entries) {
  int code = 0;
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  EXPECT_NE(zip, nullptr) << code;
  for (const auto& [name, bytes] : entries)
    EXPECT_GE(zip_file_add(zip, name.c_str(), zip_source_buffer(zip, bytes.data(), bytes.size(), 0), 0), 0) << name;
  EXPECT_EQ(zip_close(zip), 0);
  return path;
}

}  // namespace attune::test
