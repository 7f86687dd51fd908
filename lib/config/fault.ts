/** A fault of the configuration, in words for the person who mends it. */

export interface Fault {
  /** Where: `apps.org.example.ios.topic`, `component[1].secret`, a file, an environment variable. */
  readonly path: string
  /** What is wrong there. */
  readonly text: string
  /** What to do about it. */
  readonly mend: string
}

export type Path = readonly (string | number)[]

/** A path as people read it: keys joined by dots, places of a list in brackets. */
export function spell(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  )
}

/** `text` with its mend: how a fault is told in one sentence. */
export function tell(fault: Fault): string {
  return `${fault.path}: ${fault.text}. ${fault.mend}`
}
