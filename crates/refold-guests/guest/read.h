/*
 * Reads JSON into values, exact: what a double would not give back becomes a BigInt or a decimal, and what it would give
 * back goes with how it was written. Part of guest.c.
 */

static const uint8_t *at, *text_end;
static bool has_repeated, is_tagged, is_too_deep;
static uint16_t *wide;
static size_t wide_capacity;

static JSValue parse(int depth);

static void skip_space(void)
{
    while (at < text_end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
}

static int hex_of(const uint8_t *digits)
{
    int code = 0;
    for (int i = 0; i < 4; i++) {
        int digit = digits[i];
        if (digit >= '0' && digit <= '9')
            digit -= '0';
        else if ((digit | 32) >= 'a' && (digit | 32) <= 'f')
            digit = (digit | 32) - 'a' + 10;
        else
            return -1;
        code = code * 16 + digit;
    }
    return code;
}

/* The text after an opening quote, as UTF-16 in `wide`. Returns its length, or -1. */
static int decode_text(bool *is_latin)
{
    size_t length = 0;
    *is_latin = true;
    for (;;) {
        if (length + 2 > wide_capacity) {
            wide_capacity = wide_capacity ? wide_capacity * 2 : 256;
            wide = realloc(wide, wide_capacity * sizeof(uint16_t));
            if (!wide)
                __builtin_trap();
        }
        if (at >= text_end)
            return -1;
        uint32_t code = *at++;
        if (code == '"')
            return length;
        if (code < 0x20)
            return -1;
        if (code == '\\') {
            if (at >= text_end)
                return -1;
            switch (*at++) {
            case '"': code = '"'; break;
            case '\\': code = '\\'; break;
            case '/': code = '/'; break;
            case 'b': code = '\b'; break;
            case 'f': code = '\f'; break;
            case 'n': code = '\n'; break;
            case 'r': code = '\r'; break;
            case 't': code = '\t'; break;
            case 'u': {
                int unit = text_end - at < 4 ? -1 : hex_of(at);
                if (unit < 0)
                    return -1;
                at += 4;
                code = unit;
                break;
            }
            default: return -1;
            }
        } else if (code >= 0x80) {
            int more = code >= 0xf0 ? 3 : code >= 0xe0 ? 2 : 1;
            uint32_t least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0x80;
            if (code < 0xc2 || code > 0xf4 || text_end - at < more)
                return -1;
            code &= 0x3f >> more;
            while (more--) {
                if ((*at & 0xc0) != 0x80)
                    return -1;
                code = code << 6 | (*at++ & 0x3f);
            }
            if (code < least || code > 0x10ffff)
                return -1;
        }
        if (code >= 0x10000) {
            wide[length++] = 0xd800 + ((code - 0x10000) >> 10);
            code = 0xdc00 + ((code - 0x10000) & 0x3ff);
        }
        if (code > 0xff)
            *is_latin = false;
        wide[length++] = code;
    }
}

static JSValue parse_text(void)
{
    const uint8_t *start = at;
    while (at < text_end && *at != '"' && *at != '\\' && *at >= 0x20 && *at < 0x80)
        at++;
    if (at < text_end && *at == '"')
        return js_new_string8_len(ctx, (const char *)start, at++ - start);
    at = start;
    bool is_latin;
    int length = decode_text(&is_latin);
    if (length < 0)
        return JS_UNDEFINED;
    if (!is_latin)
        return js_new_string16_len(ctx, wide, length);
    uint8_t *narrow = (uint8_t *)wide;
    for (int i = 0; i < length; i++)
        narrow[i] = wide[i];
    return js_new_string8_len(ctx, (const char *)narrow, length);
}

/* Whether the double gives this amount back when it is written. */
static bool is_kept_by(double number, const char *literal, size_t length)
{
    char ours[800], shortest[32], theirs[32];
    int our_power, their_power;
    JSDTOATempMem memory;
    if (!isfinite(number))
        return false;
    size_t count = significant(literal, length, ours, sizeof(ours), &our_power);
    if (count == 0)
        return true;
    if (count > 17 || number == 0)
        return false;
    size_t written = js_dtoa(shortest, number, 10, 0, JS_DTOA_FORMAT_FREE, &memory);
    size_t other = significant(shortest, written, theirs, sizeof(theirs), &their_power);
    return count == other && our_power == their_power && !memcmp(ours, theirs, count);
}

static JSValue call_with_text(JSValueConst function, const uint8_t *start, size_t length)
{
    JSValue text = js_new_string8_len(ctx, (const char *)start, length);
    JSValue value = JS_Call(ctx, function, JS_UNDEFINED, 1, vc(&text));
    JS_FreeValue(ctx, text);
    return value;
}

/* The number that ends at `at`, whose parts were found: how it is written goes with it. */
static JSValue written_number(const uint8_t *start, const uint8_t *fraction, const uint8_t *power, double number)
{
    const uint8_t *point_end = power ? power : at;
    Style style;
    if (style_of(&style, fraction ? point_end - fraction : 0, power, at))
        return styled(js_float64(number), style);
    return is_lenient ? JS_NewFloat64(ctx, number) : call_with_text(decimal_of, start, at - start);
}

static JSValue parse_number(void)
{
    const uint8_t *start = at;
    bool is_negative = *at == '-';
    if (is_negative)
        at++;
    const uint8_t *whole = at;
    uint64_t amount = 0;
    while (at < text_end && *at >= '0' && *at <= '9') {
        if (at - whole < 18)
            amount = amount * 10 + (*at - '0');
        at++;
    }
    size_t digits = at - whole;
    if (digits == 0 || (digits > 1 && *whole == '0'))
        return JS_UNDEFINED;
    const uint8_t *fraction = NULL, *power = NULL;
    if (at < text_end && *at == '.') {
        fraction = ++at;
        while (at < text_end && *at >= '0' && *at <= '9')
            at++;
        if (at == fraction)
            return JS_UNDEFINED;
    }
    if (at < text_end && (*at | 32) == 'e') {
        power = at;
        if (++at < text_end && (*at == '+' || *at == '-'))
            at++;
        const uint8_t *exponent = at;
        while (at < text_end && *at >= '0' && *at <= '9')
            at++;
        if (at == exponent)
            return JS_UNDEFINED;
    }
    if (is_tagged && at < text_end && (*at == 'n' || *at == 'm')) {
        size_t length = at - start;
        return call_with_text(*at++ == 'n' ? big_int_of : decimal_of, start, length);
    }
    bool is_whole = !fraction && !power;
    if (is_whole && digits <= 18 && amount <= 9007199254740991) {
        if (is_negative && amount == 0)
            return written_number(start, NULL, NULL, -0.0);
        if (is_negative ? amount <= 2147483648u : amount <= 2147483647)
            return JS_NewInt32(ctx, is_negative ? (int32_t)-(int64_t)amount : (int32_t)amount);
        return JS_NewFloat64(ctx, is_negative ? -(double)amount : (double)amount);
    }
    JSATODTempMem memory;
    double number = js_atod((const char *)start, NULL, 10, 0, &memory);
    if (!is_whole && is_kept_by(number, (const char *)start, at - start))
        return written_number(start, fraction, power, number);
    if (is_lenient)
        return JS_NewFloat64(ctx, number);
    return call_with_text(is_whole ? big_int_of : decimal_of, start, at - start);
}

static JSValue parse_object(int depth)
{
    JSValue object = JS_NewObject(ctx);
    JSObject *members = JS_VALUE_GET_OBJ(object);
    skip_space();
    if (at < text_end && *at == '}') {
        at++;
        return object;
    }
    for (;;) {
        skip_space();
        if (at >= text_end || *at++ != '"')
            break;
        const uint8_t *start = at;
        while (at < text_end && *at != '"' && *at != '\\' && *at >= 0x20 && *at < 0x80)
            at++;
        JSAtom key;
        if (at < text_end && *at == '"') {
            key = JS_NewAtomLen(ctx, (const char *)start, at - start);
            at++;
        } else {
            at = start;
            JSValue text = parse_text();
            if (JS_IsUndefined(text))
                break;
            key = JS_ValueToAtom(ctx, text);
            JS_FreeValue(ctx, text);
        }
        skip_space();
        if (at >= text_end || *at++ != ':') {
            JS_FreeAtom(ctx, key);
            break;
        }
        JSValue value = parse(depth);
        if (JS_IsUndefined(value) || JS_IsException(value)) {
            JS_FreeAtom(ctx, key);
            JS_FreeValue(ctx, object);
            return value;
        }
        JSProperty *slot;
        if (find_own_property(&slot, members, key)) {
            has_repeated = true;
            set_value(ctx, &slot->u.value, value);
        } else {
            slot = add_property(ctx, members, key, JS_PROP_C_W_E);
            slot->u.value = value;
        }
        JS_FreeAtom(ctx, key);
        skip_space();
        if (at >= text_end)
            break;
        if (*at == ',') {
            at++;
            continue;
        }
        if (*at++ == '}')
            return object;
        break;
    }
    JS_FreeValue(ctx, object);
    return JS_UNDEFINED;
}

static JSValue parse_array(int depth)
{
    JSValue array = JS_NewArray(ctx);
    skip_space();
    if (at < text_end && *at == ']') {
        at++;
        return array;
    }
    for (uint32_t index = 0;; index++) {
        JSValue value = parse(depth);
        if (JS_IsUndefined(value) || JS_IsException(value)) {
            JS_FreeValue(ctx, array);
            return value;
        }
        JS_DefinePropertyValueUint32(ctx, array, index, value, JS_PROP_C_W_E);
        skip_space();
        if (at >= text_end)
            break;
        if (*at == ',') {
            at++;
            continue;
        }
        if (*at++ == ']')
            return array;
        break;
    }
    JS_FreeValue(ctx, array);
    return JS_UNDEFINED;
}

static bool take(const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(text_end - at) < length || memcmp(at, word, length))
        return false;
    at += length;
    return true;
}

/* `undefined` for what is no JSON. */
static JSValue parse(int depth)
{
    skip_space();
    if (at >= text_end)
        return JS_UNDEFINED;
    switch (*at) {
    case '{':
    case '[':
        if (depth == 0) {
            is_too_deep = true;
            return JS_UNDEFINED;
        }
        return *at++ == '{' ? parse_object(depth - 1) : parse_array(depth - 1);
    case '"':
        at++;
        return parse_text();
    case 't':
        return take("true") ? JS_TRUE : JS_UNDEFINED;
    case 'f':
        return take("false") ? JS_FALSE : JS_UNDEFINED;
    case 'n':
        return take("null") ? JS_NULL : JS_UNDEFINED;
    default:
        return parse_number();
    }
}

static JSValue parse_whole(const uint8_t *text, size_t length)
{
    at = text;
    text_end = text + length;
    has_repeated = is_too_deep = false;
    JSValue value = parse(max_depth);
    skip_space();
    if (at == text_end || JS_IsUndefined(value) || JS_IsException(value))
        return value;
    JS_FreeValue(ctx, value);
    return JS_UNDEFINED;
}
