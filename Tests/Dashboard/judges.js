// What is wrong with the page for who sees little or has no mouse: run in the page by dashboard.py.
(() => {
  const channels = (text) => {
    const [red, green, blue, alpha = 1] = text.match(/[\d.]+/g).map(Number);
    return { red, green, blue, alpha };
  };
  const light = ({ red, green, blue }) => {
    const [r, g, b] = [red, green, blue].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = channels(getComputedStyle(one).backgroundColor);
      if (colour.alpha === 1) return colour;
    }
    return channels("rgb(255, 255, 255)");
  };
  const wrong = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest(".hidden, thead, noscript, script")) continue;
    seen += 1;
    const [one, other] = [light(channels(getComputedStyle(element).color)), light(ground(element))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)}: ${texts.currentNode.data.trim().slice(0, 40)}`);
  }
  if (seen < 30) wrong.push(`only ${seen} texts were judged`);
  for (const table of document.querySelectorAll("table")) {
    const room = table.parentElement.clientWidth;
    if (table.checkVisibility() && table.offsetWidth > room) wrong.push(`${table.caption.textContent}: ${table.offsetWidth} wide in ${room}`);
  }
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) {
    wrong.push(`${document.documentElement.scrollWidth} wide, where there is room for ${document.documentElement.clientWidth}`);
  }
  return wrong;
})();
