"""The colours of figures: Okabe and Ito's, which the colour-blind can tell apart."""

# In order of use they also differ in lightness.
BLUE, VERMILLION, GREEN, ORANGE = "#0072b2", "#d55e00", "#009e73", "#e69f00"
SKY, PURPLE, YELLOW = "#56b4e9", "#cc79a7", "#f0e442"
INK, GREY, PALE = "#222222", "#8a8a8a", "#e3e3e3"
