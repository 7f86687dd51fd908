import { systemClock } from '../../lib/clock'
import { makePage } from '../../lib/commands/simulate-page'

function pageWith(secrets: readonly string[], colour = false) {
  let printed = ''
  const out = (text: string): void => void (printed += text)
  return { page: makePage({ out, err: out, clock: systemClock, colour }, secrets), printed: () => printed }
}

describe('lib/commands/simulate-page', () => {
  it('numbers the steps', () => {
    const { page, printed } = pageWith([])
    page.step('one')
    page.say('a sentence')
    page.step('two')
    expect(printed()).toBe('\n 1  one\n    a sentence\n\n 2  two\n')
  })

  it('lets no secret through, whichever way it comes', () => {
    const secret = 'abcdefghijklmnop'
    const { page, printed } = pageWith([secret])
    page.heading(`h ${secret}`)
    page.step(`s ${secret}`)
    page.say(secret)
    page.show([`${secret}${secret}`])
    page.end('bad', secret)
    expect(page.spell(secret)).toBe('…mnop')
    expect(printed()).toBe('h …mnop\n\n 1  s …mnop\n    …mnop\n      …mnop…mnop\n…mnop\n')
  })

  it('cuts what is long in the middle', () => {
    const { page } = pageWith([])
    expect(page.spell('a'.repeat(56))).toHaveLength(56)
    expect(page.spell(`${'a'.repeat(53)}wxyz`)).toBe(`${'a'.repeat(20)}…wxyz`)
  })

  it('is coloured where that is wanted', () => {
    const { page, printed } = pageWith([], true)
    page.end('good', 'done')
    expect(printed()).toBe('\u001b[32mdone\u001b[0m\n')
  })
})
