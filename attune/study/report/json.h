// study.json.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "attune/study/outcome.h"

namespace attune::study {

nlohmann::ordered_json to_json(const Outcome& outcome);

}  // namespace attune::study
