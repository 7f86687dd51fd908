/** What is looked for in a page that everybody can read; expressions, to be evaluated in it. */

/** Texts whose contrast with their ground is less than WCAG 2.2 AA asks for (4.5, or 3 for large ones). */
export const contrastFaults = `(() => {
  const channels = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number)
  const light = (rgb) => rgb.slice(0, 3).map((each) => each / 255)
    .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((all, each, at) => all + each * [0.2126, 0.7152, 0.0722][at], 0)
  const groundOf = (element) => {
    for (let each = element; each !== null; each = each.parentElement) {
      const ground = channels(getComputedStyle(each).backgroundColor)
      if (ground.length === 3 || ground[3] > 0) return ground
    }
    return [255, 255, 255]
  }
  const faults = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement
    if (node.data.trim() === '' || !element.checkVisibility() || element.closest('.unseen, .skip, noscript, dialog, :disabled')) continue
    const style = getComputedStyle(element)
    const [one, other] = [light(channels(style.color)), light(groundOf(element))].sort((a, b) => b - a)
    const size = parseFloat(style.fontSize)
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
    const contrast = (one + 0.05) / (other + 0.05)
    if (contrast < (isLarge ? 3 : 4.5)) faults.push(node.data.trim().slice(0, 40) + ' ' + contrast.toFixed(2))
  }
  return faults
})()`

/** Controls that a screen reader would have no name for. */
export const namelessControls = `[...document.querySelectorAll('button, input, a[href], svg[role], table, section, dialog')]
  .filter((element) => element.checkVisibility())
  .filter((element) => {
    const labelled = element.getAttribute('aria-labelledby')
    const named = labelled === null ? null : document.getElementById(labelled)
    const label = element.labels === undefined || element.labels === null ? '' : [...element.labels].map(({ innerText }) => innerText).join('')
    const own = ['BUTTON', 'A'].includes(element.tagName) ? element.innerText : ''
    const isPart = element.tagName === 'SECTION' || element.tagName === 'TABLE'
    const heading = isPart ? (element.closest('section')?.querySelector('h2, h3')?.innerText ?? '') : ''
    return [named?.textContent ?? '', element.getAttribute('aria-label') ?? '', label, own, heading].join('').trim() === ''
  })
  .map((element) => element.outerHTML.slice(0, 80))`
