/** The last item of each name, in the order in which the names first came. */
export function newestOf<T>(items: readonly T[], nameOf: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [nameOf(item), item])).values()]
}
