/*
 * How a number was written in a payload: `12.50` is the amount 12.5 and two digits after the point. Part of guest.c.
 *
 * A value of the engine is an amount of 64 bits and a tag of 64, of which the engine reads the lower 32. The upper ones
 * hold the style here. So it goes wherever the value is copied to, and is gone from whatever is computed with it, since
 * the engine makes the tag of a result anew. The style alone never says an amount: one that does not fit it is written
 * as JavaScript writes it.
 */

typedef struct {
    uint32_t is_styled : 1, fraction_digits : 10, has_power : 1, power : 10, is_power_negative : 1, has_plus : 1,
        has_capital : 1, power_zeros : 7;
} Style;

_Static_assert(sizeof(Style) == sizeof(uint32_t), "a style fills the upper half of a tag");

static JSValue styled(JSValue number, Style style)
{
    uint32_t bits;
    memcpy(&bits, &style, sizeof(bits));
    number.tag = (int64_t)((uint64_t)number.tag | (uint64_t)bits << 32);
    return number;
}

/* Of a number; whatever was computed has none. */
static Style style_in(JSValueConst number)
{
    uint32_t bits = (uint64_t)number.tag >> 32;
    Style style;
    memcpy(&style, &bits, sizeof(style));
    return style;
}

/* The style of a literal with that many digits after the point, and a power from its letter on or none. False when it
 * is written in so odd a way that it does not fit. */
static bool style_of(Style *style, size_t fraction_digits, const uint8_t *power, const uint8_t *end)
{
    *style = (Style){ .is_styled = 1, .fraction_digits = fraction_digits };
    if (fraction_digits > 1023)
        return false;
    if (!power)
        return true;
    style->has_power = 1;
    style->has_capital = *power++ == 'E';
    style->has_plus = *power == '+';
    style->is_power_negative = *power == '-';
    if (*power == '+' || *power == '-')
        power++;
    size_t zeros = 0;
    while (power + 1 < end && *power == '0') {
        zeros++;
        power++;
    }
    uint32_t amount = 0;
    for (; power < end && amount <= 1023; power++)
        amount = amount * 10 + (*power - '0');
    style->power = amount;
    style->power_zeros = zeros;
    return amount <= 1023 && zeros <= 127;
}

/* The digits of a number without the zeros at both ends, and the power of ten of the last one. */
static size_t significant(const char *text, size_t length, char *digits, size_t capacity, int *power)
{
    size_t count = 0;
    int after_point = -1;
    long exponent = 0;
    for (size_t i = 0; i < length; i++) {
        char letter = text[i];
        if (letter >= '0' && letter <= '9') {
            if (after_point >= 0)
                after_point++;
            if (count == 0 && letter == '0')
                continue;
            if (count < capacity)
                digits[count] = letter;
            count++;
        } else if (letter == '.') {
            after_point = 0;
        } else if (letter == 'e' || letter == 'E') {
            exponent = strtol(text + i + 1, NULL, 10);
            break;
        }
    }
    *power = (int)exponent - (after_point > 0 ? after_point : 0);
    if (count > capacity)
        return count;
    while (count > 0 && digits[count - 1] == '0') {
        count--;
        ++*power;
    }
    return count;
}

/* 10 to the power of the place. A double holds each of these. */
static const int64_t powers_of_ten[] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
    1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000,
    1000000000000000000,
};

/* The most digits that a double always gives back. */
enum { DOUBLE_DIGITS = 15 };

/* The digits of a double with so many of them after the point, where they are at most 15: then they are those of the one
 * decimal that the double stands for. */
static bool digits_of(double number, int fraction_digits, int64_t *mantissa)
{
    if (fraction_digits > DOUBLE_DIGITS)
        return false;
    double power = (double)powers_of_ten[fraction_digits];
    double digits = __builtin_rint(number * power);
    if (!(fabs(digits) < 1e15) || digits / power != number)
        return false;
    *mantissa = (int64_t)digits;
    return true;
}

/* Writes a whole number that stands for parts of a power of ten, with a digit before the point at least. Returns its
 * length, which is at most 21. */
static size_t write_parts(char *out, int64_t parts, size_t fraction_digits)
{
    char digits[24];
    size_t length = 0, written = 0;
    uint64_t left = parts < 0 ? -(uint64_t)parts : (uint64_t)parts;
    for (; left || length <= fraction_digits; left /= 10)
        digits[length++] = '0' + left % 10;
    if (parts < 0)
        out[written++] = '-';
    while (length) {
        if (length == fraction_digits)
            out[written++] = '.';
        out[written++] = digits[--length];
    }
    return written;
}

/* Writes a finite double in a style, to `out`. False when the amount does not fit the style: nothing is written then. */
static bool put_styled(DynBuf *out, double number, Style style)
{
    char shortest[32], digits[32];
    int power;
    int64_t parts;
    /* Minus nothing has a sign, which a whole number has not. */
    if (!style.has_power && number != 0 && digits_of(number, style.fraction_digits, &parts)) {
        dbuf_put(out, shortest, write_parts(shortest, parts, style.fraction_digits));
        return true;
    }
    JSDTOATempMem memory;
    size_t written = js_dtoa(shortest, number, 10, 0, JS_DTOA_FORMAT_FREE, &memory);
    size_t count = significant(shortest, written, digits, sizeof(digits), &power);
    int style_power = style.is_power_negative ? -(int)style.power : (int)style.power;
    int fraction = style.fraction_digits;
    /* The digits before the power are those of the amount and then zeros. */
    int zeros = count ? power - style_power + fraction : 0;
    if (zeros < 0)
        return false;
    int length = (int)count + zeros;
    if (signbit(number))
        dbuf_putc(out, '-');
    for (int place = length > fraction ? length : fraction + 1; place > 0; place--) {
        int from_left = length - place;
        if (place == fraction)
            dbuf_putc(out, '.');
        dbuf_putc(out, from_left >= 0 && from_left < (int)count ? digits[from_left] : '0');
    }
    if (style.has_power) {
        char exponent[16];
        dbuf_putc(out, style.has_capital ? 'E' : 'e');
        if (style.is_power_negative || style.has_plus)
            dbuf_putc(out, style.has_plus ? '+' : '-');
        for (int i = 0; i < (int)style.power_zeros; i++)
            dbuf_putc(out, '0');
        snprintf(exponent, sizeof(exponent), "%u", (unsigned)style.power);
        dbuf_put(out, exponent, strlen(exponent));
    }
    return true;
}

/* More letters than a finite double in this style has. */
static size_t styled_length(double number, Style style)
{
    return style.fraction_digits + (fabs(number) < 1e15 ? 24 : 324) + (style.has_power ? 1200 : 0);
}
