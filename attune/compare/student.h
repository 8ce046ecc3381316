// Student's t distribution with any number of degrees of freedom above 0, whole or not (Welch and Satterthwaite's are
// not whole).
#pragma once

namespace attune::compare {

// P(T <= t). t may be infinite; df infinite: the normal distribution.
double student_cdf(double t, double df);
// The t with student_cdf(t, df) = p, 0 < p < 1.
double student_quantile(double p, double df);

}  // namespace attune::compare
