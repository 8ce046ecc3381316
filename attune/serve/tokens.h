// Bearer tokens from a file: one a line; blank lines and lines that begin with # do not count.
#pragma once
#include <array>
#include <filesystem>
#include <string>
#include <vector>

namespace attune::serve {

class Tokens {
 public:
  Tokens() = default;  // none: everybody may
  // Errors: io; usage: no token in the file, or one that is shorter than 16 characters.
  explicit Tokens(const std::filesystem::path& file);

  bool any() const { return !digests_.empty(); }
  // Whether an Authorization field holds one of them. Takes the same time whichever it is and however much of one is
  // right: SHA-256 digests are compared, all of them, all bytes.
  bool allow(const std::string& authorization) const;

 private:
  std::vector<std::string> digests_;
};

}  // namespace attune::serve
