// Generated pages have a style sheet of their own. What events and live views bring may need the one with all components.

const small = document.querySelector("link[data-whole]");

// Shapes: the build writes the classes of the small style sheet here; those that begin with "sm-" all are in it.
const styled = new Set((typeof STYLED_CLASSES === "undefined" ? "" : STYLED_CLASSES).split(" "));

const isStyled = (name) => name.startsWith("sm-") || styled.has(name);

const needsMore = (node) => [node, ...node.querySelectorAll("[class]")].some((el) => ![...el.classList].every(isStyled));

const observer = new MutationObserver((changes) => {
  const added = changes.flatMap(({ addedNodes }) => [...addedNodes]).filter((node) => node.nodeType === Node.ELEMENT_NODE);
  if (!added.some(needsMore)) return;
  observer.disconnect();
  small.after(Object.assign(document.createElement("link"), { rel: "stylesheet", href: small.dataset.whole }));
});

if (small && styled.size > 1) observer.observe(document.body, { childList: true, subtree: true });
