// The elements for React 18, which sets attributes alone and knows no events but its own. React 19 needs nothing of this:
// there the tags are used as they are. React is given by the page, so that this package does not depend on it.

/** What is used of React 18. */
export interface React18 {
  createElement(type: string, props: object, ...children: unknown[]): unknown
  useRef(value: null): { current: HTMLElement | null }
  useLayoutEffect(effect: () => (() => void) | void): void
}
/** Properties of the element by their names, `onLakeflowSubmit` and the like for its events. */
type Props = Record<string, unknown>

/** A component of one of the tags: `const Run = fromReact(React, 'lakeflow-run')`. */
export function fromReact(react: React18, tag: 'lakeflow-run' | 'lakeflow-param-form'): (props: Props) => never {
  return ({ children, className, style, id, ...props }) => {
    const own = react.useRef(null)
    react.useLayoutEffect(() => {
      const element = own.current!
      const off: (() => void)[] = []
      for (const [name, value] of Object.entries(props)) {
        const event = /^onLakeflow([A-Z]\w*)$/.exec(name)
        if (!event) (element as never as Props)[name] = value
        else if (typeof value === 'function') {
          const type = `lakeflow-${event[1]!.toLowerCase()}`
          element.addEventListener(type, value as EventListener)
          off.push(() => element.removeEventListener(type, value as EventListener))
        }
      }
      return () => off.forEach(stop => stop())
    })
    return react.createElement(tag, { ref: own, class: className, style, id }, children) as never
  }
}
