/**
 * Tells when files have changed and come to rest. Looks at them every few seconds instead of being notified: so it sees as well a link that
 * is turned to another file (Kubernetes, certbot), a file that is removed and made again, and file systems that notify nobody.
 */
import { stat } from 'node:fs/promises'
import { type Clock } from '../clock'

export interface FileChangesOptions {
  /** The files as of now, absolute. */
  readonly files: () => readonly string[]
  readonly clock: Clock
  /** Called once for all that changed at once, when two looks in a row saw the same. */
  readonly changed: (files: readonly string[]) => void
}

/** Milliseconds between two looks: half of what a change takes until it is in force. */
const EVERY = 5_000

/** What tells a file, or what a link leads to, from what was there before. */
async function markOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = await stat(file)
    return [dev, ino, size, mtimeMs, ctimeMs].join(' ')
  } catch (error) {
    return `absent: ${(error as NodeJS.ErrnoException).code ?? ''}`
  }
}

/** Begins with the files as they are; the function returned ends it. */
export function watchFiles({ files, clock, changed }: FileChangesOptions): () => void {
  /** As they were told last. */
  const told = new Map<string, string>()
  let seen: ReadonlyMap<string, string> = new Map()
  let cancel = (): void => undefined
  let isOver = false

  async function look(): Promise<void> {
    const now = new Map<string, string>()
    for (const file of files()) now.set(file, await markOf(file))
    const fresh: string[] = []
    for (const [file, mark] of now) {
      const before = told.get(file)
      if (before === undefined) told.set(file, mark)
      else if (before !== mark && seen.get(file) === mark) fresh.push(file)
    }
    // What is still being written may belong to what is done: a certificate and its key.
    const isMoving = [...now].some(([file, mark]) => seen.has(file) && seen.get(file) !== mark)
    seen = now
    if (fresh.length === 0 || isMoving || isOver) return
    for (const file of fresh) told.set(file, now.get(file) ?? '')
    changed(fresh)
  }

  function schedule(): void {
    cancel = clock.after(EVERY, () => void look().then(again))
  }

  function again(): void {
    if (!isOver) schedule()
  }

  void look().then(again)
  return () => {
    isOver = true
    cancel()
  }
}
