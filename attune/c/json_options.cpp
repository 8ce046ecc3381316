#include "attune/c/json_options.h"

#include <nlohmann/json.hpp>

#include "attune/base/json.h"

namespace attune::c {

void read_options(const char* text, OptionList& list) {
  constexpr const char* kWhere = "the options";
  if (text) list.set_from_json(parse_json(text, kWhere, ErrorKind::usage), kWhere);
}

}  // namespace attune::c
