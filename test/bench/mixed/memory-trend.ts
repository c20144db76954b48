/** Resident memory of one broker over time. `at` in milliseconds, `bytes` resident. */
export interface Sample {
  readonly at: number
  readonly bytes: number
}

/** The slope of the line that fits the samples best (least squares), in bytes an hour. */
export function bytesPerHour(samples: readonly Sample[]): number {
  const count = samples.length
  const meanAt = samples.reduce((sum, { at }) => sum + at, 0) / count
  const meanBytes = samples.reduce((sum, { bytes }) => sum + bytes, 0) / count
  let [covariance, variance] = [0, 0]
  for (const { at, bytes } of samples) {
    covariance += (at - meanAt) * (bytes - meanBytes)
    variance += (at - meanAt) ** 2
  }
  return variance === 0 ? 0 : (covariance / variance) * 3_600_000
}
