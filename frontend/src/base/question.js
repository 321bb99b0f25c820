// A question in a dialog of the browser: it keeps the focus inside, and Escape answers no.

export const question = (text, yes, no) => {
  const box = document.createElement("dialog");
  box.className = "sm-ask";
  box.setAttribute("aria-labelledby", "starmodel-question");
  box.innerHTML = '<form method="dialog"><p id="starmodel-question"></p><div class="sm-buttons">'
    + '<button class="uk-btn uk-btn-default" value=""></button>'
    + '<button class="uk-btn uk-btn-primary" value="yes"></button></div></form>';
  box.querySelector("p").textContent = text;
  const [refuse, agree] = box.querySelectorAll("button");
  refuse.textContent = no;
  agree.textContent = yes;
  document.body.append(box);
  box.showModal();
  return new Promise((answer) =>
    box.addEventListener("close", () => {
      box.remove();
      answer(box.returnValue === "yes");
    }));
};
