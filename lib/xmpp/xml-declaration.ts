/** The XML declaration (XML 1.0, fifth edition, §2.8), the one instruction that a stream may hold, at its very beginning. */
import { XmlFault } from './xml-fault'

const space = '[ \\t\\r\\n]'
const equals = `${space}*=${space}*`
const encoding = `${space}+encoding${equals}(["'])([A-Za-z][\\w.-]*)\\2`
const standalone = `${space}+standalone${equals}(["'])(?:yes|no)\\4`
const declaration = new RegExp(
  `^<\\?xml${space}+version${equals}(["'])1\\.[0-9]+\\1(?:${encoding})?(?:${standalone})?${space}*\\?>$`,
)
const begins = new RegExp(`^<\\?xml${space}`)

/** Throws `XmlFault` at any instruction but a declaration where one may stand, and at one of another encoding than UTF-8 (RFC 6120 §11.6). */
export function checkInstruction(text: string, isFirst: boolean): void {
  if (!isFirst || !begins.test(text)) throw new XmlFault('restricted-xml', 'a processing instruction')
  const declared = declaration.exec(text)
  if (declared === null) throw new XmlFault('not-well-formed', 'an XML declaration that is none')
  const named = declared[3] ?? 'UTF-8'
  if (named.toUpperCase() !== 'UTF-8') throw new XmlFault('unsupported-encoding', `a stream in ${named}`)
}
