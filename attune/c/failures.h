// What keeps exceptions out of C: a status for the caller, the message for attune_last_error().
#pragma once
#include <string>

#include "attune/c/attune.h"

namespace attune::c {

// Remembers the exception that is being handled as the calling thread's last error. Only within a catch.
attune_status remember_failure() noexcept;

// Runs `body`; whatever leaves it becomes a status.
template <class Body>
attune_status guarded(const Body& body) noexcept {
  try {
    body();
    return ATTUNE_OK;
  } catch (...) {
    return remember_failure();
  }
}

// A copy for the caller, who gives it to attune_free(). Errors: std::bad_alloc.
char* handed_out(const std::string& text);

// Errors (usage): NULL; `what` names the argument.
void check_given(const void* argument, const char* what);

}  // namespace attune::c
