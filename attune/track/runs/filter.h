// Which runs are meant, in words:
//
//   macro_f1 > 0.8 and lr <= 1e-4
//   (state = finished or state = running) and not name ~ "old"
//
//   condition   NAME OPERATOR VALUE, NAME as run_values.h has it
//   operators   = != < <= > >= for numbers and texts (texts: = and != alone), ~ : the text holds VALUE
//   VALUE       a number, a word, or anything in "quotes" or 'quotes'
//   joined by   and, or, not, ( ); and binds more than or
//
// A condition on a value that a run does not have is false. Nothing of it reaches the database.
#pragma once
#include <functional>
#include <memory>

#include "attune/track/runs/run_store.h"

namespace attune::track {

class Filter {
 public:
  // Empty text: every run. Errors (usage), with the place: what was expected there.
  explicit Filter(const std::string& text);
  ~Filter();
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
  bool matches(const StoredRun& run) const;
  // Those that it asks for.
  const std::vector<std::string>& names() const { return names_; }

  using Test = std::function<bool(const StoredRun&)>;

 private:
  Test test_;
  std::vector<std::string> names_;
};

}  // namespace attune::track
