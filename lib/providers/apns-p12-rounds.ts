/**
 * How many rounds of key derivation a PKCS#12 file (RFC 7292 §4, RFC 8018 §A.2) asks of who opens it: they run in the way of everything else. Opens
 * nothing.
 */
import { type asn1 } from 'node-forge'
import { forge } from './forge'

const DEEPEST = 24

function parse(der: string): asn1.Asn1 | undefined {
  const { asn1, util } = forge()
  try {
    return asn1.fromDer(util.createBuffer(der), false)
  } catch {
    return undefined
  }
}

/** Salt and rounds follow each other wherever there are any: in PBES1, PBES2 and the seal of the whole. */
function roundsAt(parts: readonly asn1.Asn1[]): number {
  const { asn1 } = forge()
  const [at, next] = [parts.findIndex(({ type }) => type === asn1.Type.OCTETSTRING), asn1.Type.INTEGER]
  const rounds = at < 0 ? undefined : parts[at + 1]
  if (rounds?.type !== next || typeof rounds.value !== 'string') return 0
  return Buffer.from(rounds.value, 'binary').reduce((sum, byte) => sum * 256 + byte, 0)
}

function most(node: asn1.Asn1 | undefined, depth: number): number {
  if (node === undefined || depth > DEEPEST) return 0
  const inner = node.value
  if (typeof inner === 'string') {
    return node.type === forge().asn1.Type.OCTETSTRING ? most(parse(inner), depth + 1) : 0
  }
  return Math.max(roundsAt(inner), ...inner.map((part) => most(part, depth + 1)))
}

/** The most that any part asks for; 0 for what is no such file. What is encrypted itself is not looked into. */
export function roundsOf(p12: Buffer): number {
  return most(parse(p12.toString('binary')), 0)
}
