/** What a provider notices while its push service is asked about the credential: the answer tells the same, and better, so it is not told twice. */
import { type Finding } from '../providers/provider'

export interface ToldOnce {
  /** Passed on at once, or once the question is over and did not tell it. */
  readonly notice: (text: string) => void
  /** Asks; never rejects where `prove` does not. */
  readonly prove: (prove: () => Promise<readonly Finding[]>) => Promise<readonly Finding[]>
}

/** A fault is told to its last word; of a warning nobody tells but who asked. */
function tells({ is, text, mend }: Finding, notice: string): boolean {
  return text.includes(notice) || (is === 'fault' && `${text}. ${mend ?? ''}` === notice)
}

export function makeToldOnce(tell: (text: string) => void): ToldOnce {
  let asking = 0
  let heard: string[] = []
  return Object.freeze({
    notice(text: string) {
      if (asking > 0) heard.push(text)
      else tell(text)
    },
    async prove(prove: () => Promise<readonly Finding[]>) {
      asking++
      let findings: readonly Finding[] = []
      try {
        findings = await prove()
        return findings
      } finally {
        const untold = heard.filter((text) => !findings.some((finding) => tells(finding, text)))
        heard = []
        asking--
        untold.forEach(tell)
      }
    },
  })
}
