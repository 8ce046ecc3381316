// The picture of a confusion: a row for each label that is right, a column for each that was answered. A cell is as
// blue (right) or red (wrong) as its share of its row is large; where there is room the count stands in it. Up to 100
// labels are named on both sides, in their first 24 letters; of more the cells alone are shown, smaller. What was
// answered with no label has a column of its own, "none", where it occurs. More labels than 1,500 are drawn as the
// first 1,500.
#pragma once
#include "attune/track/picture/picture.h"
#include "attune/track/tracker.h"

namespace attune::track {

Picture confusion_picture(const ConfusionTable& table);

}  // namespace attune::track
