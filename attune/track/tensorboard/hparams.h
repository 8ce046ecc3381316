// The three events by which TensorBoard's HPARAMS page knows a run.
#pragma once
#include "attune/track/tracker.h"

namespace attune::track {

namespace events {
class Summary;
}

// What runs are compared by, and this session's values: numbers, switches and texts; options that are not set and lists
// are left out. `now`: seconds since 1970.
void put_session_start(events::Summary& summary, const RunStart& start, double now);
void put_session_end(events::Summary& summary, EndState state, double now);

}  // namespace attune::track
