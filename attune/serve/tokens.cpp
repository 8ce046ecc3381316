#include "attune/serve/tokens.h"

#include <strings.h>

#include "attune/base/blanks.h"
#include "attune/base/error.h"
#include "attune/base/files.h"

namespace attune::serve {
namespace {

constexpr size_t kShortest = 16;

// The scheme's name has no case (RFC 9110, 11.1).
constexpr std::string_view kScheme = "bearer ";

}  // namespace

Tokens::Tokens(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  int number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trimmed(std::string_view(text).substr(at, end - at));
    at = end + 1, ++number;
    if (line.empty() || line[0] == '#') continue;
    if (line.size() < kShortest)
      fail(ErrorKind::usage,
           "{} line {}: a token of {} characters can be guessed; expected {} or more (openssl rand -hex 32 makes one)",
           file.string(), number, line.size(), kShortest);
    digests_.push_back(sha256_hex(line));
  }
  if (digests_.empty())
    fail(ErrorKind::usage, "{}: no token in it; expected one a line (openssl rand -hex 32 makes one)", file.string());
}

bool Tokens::allow(const std::string& authorization) const {
  if (!any()) return true;
  if (strncasecmp(authorization.c_str(), kScheme.data(), kScheme.size()) != 0) return false;
  const std::string given = sha256_hex(trimmed(std::string_view(authorization).substr(kScheme.size())));
  unsigned right = 0;
  for (const std::string& digest : digests_) {
    unsigned differs = 0;
    for (size_t i = 0; i < digest.size(); ++i) differs |= static_cast<unsigned>(digest[i] ^ given[i]);
    right |= differs == 0;
  }
  return right != 0;
}

}  // namespace attune::serve
