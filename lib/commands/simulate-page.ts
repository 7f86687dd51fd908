/** How a simulation is shown: numbered steps, what passed indented below them. Lets no token, password or secret through. */
import { type Terminal } from './terminal'

export interface Page {
  heading(text: string): void
  /** The next step, numbered. */
  step(title: string): void
  /** A sentence of the step. */
  say(text: string): void
  /** What passed, line by line. */
  show(lines: readonly string[]): void
  /** An end, good or bad. */
  end(is: 'good' | 'bad', text: string): void
  /** A value as it may be shown: secrets as `…a1b2`, what is long cut in the middle. */
  readonly spell: (value: string) => string
}

const LONGEST = 56
const STYLES = { bold: '1', dim: '2', good: '32', bad: '31' } as const

/** A page on a terminal. `secrets` are texts that are never printed whole, wherever they turn up. */
export function makePage(terminal: Terminal, secrets: readonly string[]): Page {
  let steps = 0
  const style = (name: keyof typeof STYLES, text: string): string =>
    terminal.colour === true ? `\u001b[${STYLES[name]}m${text}\u001b[0m` : text
  const mask = (text: string): string =>
    secrets.reduce((masked, secret) => masked.replaceAll(secret, `…${secret.slice(-4)}`), text)
  const write = (margin: string, text: string, name?: keyof typeof STYLES): void => {
    const masked = mask(text)
    terminal.out(`${margin}${name === undefined ? masked : style(name, masked)}\n`)
  }
  return Object.freeze({
    heading: (text: string) => write('', text, 'bold'),
    step: (title: string) => write('\n', `${String(++steps).padStart(2)}  ${title}`, 'bold'),
    say: (text: string) => write('    ', text),
    show: (lines: readonly string[]) => lines.forEach((line) => write('      ', line, 'dim')),
    end: (is: 'good' | 'bad', text: string) => write('', text, is),
    spell(value: string) {
      const masked = mask(value)
      return masked.length <= LONGEST ? masked : `${masked.slice(0, 20)}…${masked.slice(-4)}`
    },
  })
}
