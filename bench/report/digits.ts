/** A figure with as many digits as it deserves. */
export function digits(value: number): string {
  if (Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ',');
  return value.toFixed(size >= 10 ? 1 : 2);
}
