// Standard output, checked: a full disk is an error, and a reader that went away (`| head`) ends the program quietly.
// Standard error, unchecked: where it cannot be said, work goes on.
#pragma once
#include <string>
#include <string_view>

#include "attune/base/options.h"

namespace attune::cli {

// Thrown where nobody reads standard output any more.
struct OutputClosed {};

// Errors: OutputClosed; io where the system refuses to write.
void put(std::string_view text);
void flush_output();

// Says it on standard error. Never fails: a closed terminal or pipe stops no training.
void tell(std::string_view text) noexcept;

// "usage: ...", what the command does, its options, and that a file may hold them (--config).
std::string help_text(std::string_view usage, std::string_view summary, const OptionList& options);

}  // namespace attune::cli
