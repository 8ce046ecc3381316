#include "attune/base/error.h"

namespace attune {

const char* name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::input:
      return "input";
    case ErrorKind::model:
      return "model";
    case ErrorKind::io:
      return "io";
    case ErrorKind::numeric:
      return "numeric";
    case ErrorKind::memory:
      return "memory";
    case ErrorKind::internal:
      return "internal";
  }
  return "unknown";
}

Error::Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)), whole_(message_) {}

Error& Error::add(std::string where) {
  whole_ += "\n  " + where;
  context_.push_back(std::move(where));
  return *this;
}

}  // namespace attune
