// Quantiles of the normal and of Student's t distribution, to 1e-9 and better (docs/dependencies.md says why no library).

/** P(Z < z), by a convergent series (Marsaglia, J. Stat. Softw. 11 (2004) 4). */
export function normalCdf(z: number): number {
  if (z < 0) return 1 - normalCdf(-z);
  let term = z;
  let sum = z;
  for (let k = 3; term > sum * 1e-17; k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 + normalDensity(z) * sum;
}

function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

/** z with P(Z < z) = p, by Newton's method: the function is concave above 0, so that each step stays below the root and gets nearer. */
export function normalQuantile(p: number): number {
  if (p < 0.5) return -normalQuantile(1 - p);
  let z = 0;
  for (let step = 0; step < 200; step++) {
    const move = (p - normalCdf(z)) / normalDensity(z);
    z += move;
    if (Math.abs(move) < 1e-14) break;
  }
  return z;
}

/** t with P(T < t) = p for a whole number of degrees of freedom. */
export function tQuantile(p: number, df: number): number {
  if (p < 0.5) return -tQuantile(1 - p, df);
  if (df > 1000) return tFromNormal(normalQuantile(p), df);
  let high = 1;
  while (tCentre(high, df) < 2 * p - 1) high *= 2;
  let low = 0;
  for (let step = 0; step < 200 && high - low > 1e-15 * high; step++) {
    const middle = (low + high) / 2;
    if (tCentre(middle, df) < 2 * p - 1) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(-t < T < t), a finite sum (Abramowitz & Stegun, 26.7.3 and 26.7.4). */
function tCentre(t: number, df: number): number {
  const theta = Math.atan(t / Math.sqrt(df));
  const square = Math.cos(theta) ** 2;
  const odd = df % 2;
  let term = odd ? Math.cos(theta) : 1;
  let sum = df === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < df; k += 2) {
    term *= (square * (k - 1)) / k;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum;
}

/** The expansion for many degrees of freedom (Abramowitz & Stegun, 26.7.5). */
function tFromNormal(z: number, df: number): number {
  const s = z * z;
  return (
    z +
    (z * (s + 1)) / 4 / df +
    (z * ((5 * s + 16) * s + 3)) / 96 / df ** 2 +
    (z * (((3 * s + 19) * s + 17) * s - 15)) / 384 / df ** 3 +
    (z * ((((79 * s + 776) * s + 1482) * s - 1920) * s - 945)) / 92_160 / df ** 4
  );
}
