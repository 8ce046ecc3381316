// Where a tracker that keeps a folder a run keeps that of this one.
#pragma once
#include "attune/track/tracker.h"

namespace attune::track {

// Makes a folder and those above it. Errors: io, with the path and the system's reason.
void make_folder(const std::filesystem::path& folder);

// Errors (io): the folder, made where it is missing, may not be written to.
void check_writable(const std::filesystem::path& folder);

// root/NAME, NAME being the run's; where that is taken, by a run of the same name or by the one that --overwrite
// replaced, root/NAME-2, NAME-3 and so on. Made here, so that two runs that begin at once get two folders. Errors: io.
fs::path claim_run_folder(const fs::path& root, const std::string& name);

// The folder that a resumed run had below `root`; empty where it had none there, or it is gone.
fs::path remembered_folder(const RunStart& start, const fs::path& root);

}  // namespace attune::track
