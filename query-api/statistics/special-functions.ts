/** The few special functions that intervals are made of. Pure; accurate to about 1e-10. */

const HALF_LOG_2PI = 0.5 * Math.log(2 * Math.PI);
/** From here on Stirling's series has all the digits that there are; smaller numbers are moved up to it. */
const LARGE = 15;

/** Natural logarithm of the gamma function of a positive number. */
export function logGamma(x: number): number {
  let product = 1;
  let large = x;
  for (; large < LARGE; large++) product *= large;
  const inverse = 1 / (large * large);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / large;
  return (large - 0.5) * Math.log(large) - large + HALF_LOG_2PI + series - Math.log(product);
}

export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

const SMALLEST = 1e-300;
const PRECISION = 1e-14;
const MOST_STEPS = 100_000;

const awayFromZero = (x: number): number => (Math.abs(x) < SMALLEST ? SMALLEST : x);

/** Continued fraction of the incomplete beta function, by Lentz's method; converges for x < (a + 1) / (a + b + 2). */
function betaFraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let product = d;
  for (let m = 1; m <= MOST_STEPS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / awayFromZero(1 + even * d);
    c = awayFromZero(1 + even / c);
    product *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / awayFromZero(1 + odd * d);
    c = awayFromZero(1 + odd / c);
    product *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return product;
}

/** Regularised incomplete beta function I_x(a, b): the distribution function of Beta(a, b). */
export function betaDistribution(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b));
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(a, b, x)) / a
    : 1 - (front * betaFraction(b, a, 1 - x)) / b;
}

/** Probability of at most `k` successes in `n` draws of probability `p`. */
export function binomialDistribution(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return betaDistribution(1 - p, n - k, k + 1);
}

/** The point of [low, high] at which `isAbove` turns from false to true, to 3e-14 of its length. */
export function bisect(low: number, high: number, isAbove: (x: number) => boolean): number {
  let [below, above] = [low, high];
  for (let step = 0; step < 45; step++) {
    const middle = (below + above) / 2;
    if (isAbove(middle)) above = middle;
    else below = middle;
  }
  return (below + above) / 2;
}

/** Smallest whole number of [low, high] that `isTrue` holds for, where it holds for all above it; else `high + 1`. */
export function firstInteger(low: number, high: number, isTrue: (k: number) => boolean): number {
  let [least, most] = [low, high + 1];
  while (least < most) {
    const middle = Math.floor((least + most) / 2);
    if (isTrue(middle)) most = middle;
    else least = middle + 1;
  }
  return least;
}

/** Two-sided quantile of Student's t: the t that |T| stays within with probability `confidence`. */
export function studentQuantile(confidence: number, degrees: number): number {
  const outside = (t: number): number => betaDistribution(degrees / (degrees + t * t), degrees / 2, 0.5);
  // Bounded by what a t of one degree of freedom needs.
  const farthest = 2 / (Math.PI * (1 - confidence)) + 10;
  return bisect(0, farthest, (t) => outside(t) < 1 - confidence);
}

/** Two-sided quantile of the normal distribution; its difference to Student's at a million degrees is below 1e-5. */
export function normalQuantile(confidence: number): number {
  return studentQuantile(confidence, 1e6);
}
