// verdict.json and profile.json of a choice.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "attune/selection/choice.h"

namespace attune::selection {

// Numbers in the metric's own unit (a share: 0.005 is half a point); what is not known is null.
nlohmann::ordered_json to_json(const Choice& choice);
nlohmann::ordered_json to_json(const Profile& profile);
// The same back. Throws nlohmann's exceptions where it is none.
Profile profile_from_json(const nlohmann::json& json);

}  // namespace attune::selection
