// What is wider than its box can be moved with the arrow keys, too, once the focus can come to it.
function letKeysMove() {
  for (const box of document.querySelectorAll(".formula, pre, .table-wrapper, p:has(> img)")) {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
    } else {
      box.removeAttribute("tabindex");
    }
  }
}
letKeysMove();
addEventListener("resize", letKeysMove);
