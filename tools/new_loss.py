#!/usr/bin/env python3
"""Begins a loss of classes: a header and a source from a template, an include and a line in loss_list.cpp. It compiles, and
its checks pass: as it stands it is cross-entropy. Then write the formula in its three places: header, source, reference.

  tools/new_loss.py NAME [ROOT]      NAME: lower case with underscores, as --loss will name it
"""
import re
import sys
from pathlib import Path

HEADER = """// TODO(NAME): what it does, in one sentence.
//
//   cost(z, y) = -log p_y;   d cost / d log p_y = -1
//
// Denominator: class weights of the targets. Source: TODO(NAME): authors, year, arXiv number, equation, and where each
// default comes from. Edges: TODO(NAME): what happens at p_y = 0 and 1.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct TYPEOptions {
  double scale = 1;
  void visit(OptionList& list);
};

extern const LossEntry kTYPE;

}  // namespace attune::losses
"""

SOURCE = """#include "attune/losses/classes/NAME.h"

#include <cmath>

#include "attune/losses/shared/class_loss.h"

namespace attune::losses {
namespace {

class TYPE final : public ProbabilityLoss {
 public:
  TYPE(const TYPEOptions& own, const ClassOptions& shared, const LossFacts& facts)
      : ProbabilityLoss(shared, facts), scale_(own.scale) {}
  std::string name() const override { return "NAME"; }

 protected:
  Cost of(double, double log_p) const override { return {-scale_ * log_p, -scale_}; }

 private:
  double scale_;
};

// One item by the formula as it is written.
long double reference(const NaiveItem& item) {
  return -item.option("scale") * std::log(item.softmax(item.y));
}

}  // namespace

void TYPEOptions::visit(OptionList& list) {
  list.add("scale", scale, {.help = "what the cost is multiplied by", .min = 0, .max = 100});
}

const LossEntry kTYPE{.name = "NAME",
                      .fits = TargetKind::classes,
                      .summary = "TODO(NAME): one line",
                      .formula = "scale * -log p[y]",
                      .denominator = "class weights of the targets (1 each without)",
                      .source = "TODO(NAME): authors, year, arXiv number, equation",
                      .notes = "TODO(NAME): traps, and how others differ",
                      .maker = maker_of<TYPE, TYPEOptions, ClassOptions>,
                      .reference = reference};

}  // namespace attune::losses
"""


def insert_sorted(lines, new, belongs):
    """Puts `new` among the lines that `belongs`, in order."""
    places = [i for i, line in enumerate(lines) if belongs(line)]
    at = next((i for i in places if lines[i] > new), places[-1] + 1)
    lines.insert(at, new)


def main():
    if len(sys.argv) < 2 or not re.fullmatch(r"[a-z][a-z0-9_]*", sys.argv[1]):
        sys.exit(__doc__)
    name = sys.argv[1]
    kind = "".join(part.capitalize() for part in name.split("_"))
    room = Path(sys.argv[2] if len(sys.argv) > 2 else Path(__file__).resolve().parent.parent) / "attune/losses"
    header, source, listed = room / f"classes/{name}.h", room / f"classes/{name}.cpp", room / "loss_list.cpp"
    if header.exists() or source.exists():
        sys.exit(f"{header} or {source} is there already")
    lines = listed.read_text().splitlines()
    insert_sorted(lines, f'#include "attune/losses/classes/{name}.h"', lambda line: line.startswith('#include "attune/losses/classes/'))
    begin = next(i for i, line in enumerate(lines) if "one class an item (classify, tag)" in line)
    end = next(i for i in range(begin + 1, len(lines)) if not lines[i].startswith("      &k"))
    block = lines[begin + 1 : end]
    insert_sorted(block, f"      &k{kind},", lambda line: True)
    lines[begin + 1 : end] = block
    for path, template in ((header, HEADER), (source, SOURCE)):
        path.write_text(template.replace("NAME", name).replace("TYPE", kind))
    listed.write_text("\n".join(lines) + "\n")
    print(f"{header}\n{source}\n{listed}: an include and a line")


if __name__ == "__main__":
    main()
