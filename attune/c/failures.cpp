#include "attune/c/failures.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>

#include "attune/base/error.h"

namespace attune::c {
namespace {

std::string& last_error() {
  thread_local std::string message;
  return message;
}

attune_status status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return ATTUNE_USAGE;
    case ErrorKind::input:
      return ATTUNE_INPUT;
    case ErrorKind::model:
      return ATTUNE_MODEL;
    case ErrorKind::io:
      return ATTUNE_IO;
    case ErrorKind::numeric:
      return ATTUNE_NUMERIC;
    case ErrorKind::memory:
      return ATTUNE_MEMORY;
    case ErrorKind::internal:
      return ATTUNE_INTERNAL;
  }
  return ATTUNE_INTERNAL;
}

// Where even the message does not fit into memory, the status alone must do.
attune_status remembered(attune_status status, const char* message) noexcept {
  try {
    last_error() = message;
  } catch (...) {
    last_error().clear();
  }
  return status;
}

}  // namespace

attune_status remember_failure() noexcept {
  try {
    throw;
  } catch (const Error& error) {
    return remembered(status_of(error.kind()), error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    return remembered(ATTUNE_IO, error.what());
  } catch (const std::bad_alloc&) {
    return remembered(ATTUNE_MEMORY, "out of memory; fewer texts at once or a smaller batch_size needs less");
  } catch (const std::exception& error) {
    return remembered(ATTUNE_INTERNAL, error.what());
  } catch (...) {
    return remembered(ATTUNE_INTERNAL, "an exception of an unknown type");
  }
}

char* handed_out(const std::string& text) {
  char* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (!copy) throw std::bad_alloc();
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

void check_given(const void* argument, const char* what) {
  if (!argument) fail(ErrorKind::usage, "{} is NULL", what);
}

}  // namespace attune::c

const char* attune_version(void) {
  return ATTUNE_VERSION;
}

const char* attune_status_name(attune_status status) {
  switch (status) {
    case ATTUNE_OK:
      return "ok";
    case ATTUNE_USAGE:
      return "usage";
    case ATTUNE_INPUT:
      return "input";
    case ATTUNE_MODEL:
      return "model";
    case ATTUNE_IO:
      return "io";
    case ATTUNE_NUMERIC:
      return "numeric";
    case ATTUNE_MEMORY:
      return "memory";
    case ATTUNE_INTERNAL:
      return "internal";
  }
  return "unknown";
}

const char* attune_last_error(void) {
  return attune::c::last_error().c_str();
}

void attune_free(char* text) {
  std::free(text);
}
