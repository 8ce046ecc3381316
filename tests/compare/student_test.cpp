#include "attune/compare/student.h"

#include <cmath>
#include <gtest/gtest.h>

namespace attune::compare {
namespace {

struct Known {
  double x, df, want;
};

// scipy.stats.t.cdf and .ppf
TEST(Student, AsScipy) {
  for (const Known& known : {Known{0, 3, 0.5},
                             {1.5, 1, 0.812832958189001},
                             {-2.2, 4.28, 0.0441071656902736},
                             {2.707, 4.28, 0.975020075855766},
                             {12.7062, 1, 0.974999990719645},
                             {0.3, 0.5, 0.577570423934755},
                             {5, 30, 0.999988351657267},
                             {1.96, 1e7, 0.975002090987343},
                             {-8, 2.5, 0.00382832206552172},
                             {40, 3, 0.999982809659605}})
    EXPECT_NEAR(student_cdf(known.x, known.df), known.want, 1e-10 * known.want) << known.x << ", " << known.df;
  for (const Known& known : {Known{0.975, 4.28, 2.70625758187825},
                             {0.8, 2999, 0.841741103582018},
                             {0.975, 2999, 1.96075531920531},
                             {0.025, 2, -4.30265272974946},
                             {0.9, 0.7, 5.00994795964641},
                             {0.99875, 10.5, 3.94630330860026}})
    EXPECT_NEAR(student_quantile(known.x, known.df), known.want, 1e-10 * std::abs(known.want))
        << known.x << ", " << known.df;
}

TEST(Student, Ends) {
  EXPECT_EQ(student_cdf(INFINITY, 2), 1);
  EXPECT_EQ(student_cdf(-INFINITY, 2), 0);
  EXPECT_NEAR(student_cdf(1.959963984540054, INFINITY), 0.975, 1e-14);
  EXPECT_NEAR(student_quantile(0.975, INFINITY), 1.959963984540054, 1e-10);
  EXPECT_EQ(student_quantile(0.5, 3), 0);
}

}  // namespace
}  // namespace attune::compare
