// Numbers as options of losses hold them: one, or several between separators.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

namespace attune::losses {

// The whole text as a finite number; spaces around it do not count. Nothing where it is none.
std::optional<double> number_in(std::string_view text);

// What stands between the separators: of "1,2" two parts, of "" an empty one.
std::vector<std::string_view> parts_of(std::string_view text, char separator);

}  // namespace attune::losses
