#include "attune/data/example.h"

namespace attune::data {

const char* name(TextShape shape) {
  switch (shape) {
    case TextShape::none:
      return "single texts";
    case TextShape::pairs:
      return "pairs of texts that belong together";
    case TextShape::scored:
      return "pairs of texts with a score";
    case TextShape::labelled:
      return "texts with a label";
  }
  return "";
}

}  // namespace attune::data
