// JSONReaderTests.swift: what is JSON and what is not, case by case in the categories of the known parsing test suites.

import LatchkeyJSON
import Testing

/// A text and whether it is JSON; `y_` must be read, `n_` must be refused.
struct TextCase: CustomTestStringConvertible, Sendable {
    let name: String
    let bytes: [UInt8]

    var testDescription: String { name }

    init(_ name: String, _ text: String) {
        self.name = name
        bytes = Array(text.utf8)
    }

    init(_ name: String, _ bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}

private func quoted(_ bytes: UInt8...) -> [UInt8] { [0x5B, 0x22] + bytes + [0x22, 0x5D] }

private func nested(_ depth: Int, _ opening: String, _ closing: String, _ inner: String = "") -> String {
    String(repeating: opening, count: depth) + inner + String(repeating: closing, count: depth)
}

@Suite("JSON reader") struct JSONReaderTests {
    static let accepted: [TextCase] = [
        TextCase("y_array_empty", "[]"),
        TextCase("y_array_empty_string", #"[""]"#),
        TextCase("y_array_heterogeneous", #"[null, 1, "1", {}]"#),
        TextCase("y_array_several_null", "[1,null,null,null,2]"),
        TextCase("y_array_arrays_with_spaces", "[[]   ]"),
        TextCase("y_array_leading_space", " [1]"),
        TextCase("y_array_trailing_space", "[2] "),
        TextCase("y_array_new_lines", "[1\n,2\r\n,\t3]"),
        TextCase("y_array_512_deep", nested(512, "[", "]")),
        TextCase("y_number", "[123e65]"),
        TextCase("y_number_0e+1", "[0e+1]"),
        TextCase("y_number_0e1", "[0e1]"),
        TextCase("y_number_0E-0", "[0E-0]"),
        TextCase("y_number_after_space", "[ 4]"),
        TextCase("y_number_close_to_zero", "[-0.000000000000000000000000000000000000000000000000000000000001]"),
        TextCase("y_number_int_with_exp", "[20e1]"),
        TextCase("y_number_minus_zero", "[-0]"),
        TextCase("y_number_negative", "[-123]"),
        TextCase("y_number_capital_e", "[1E22]"),
        TextCase("y_number_capital_e_minus", "[1E-2]"),
        TextCase("y_number_capital_e_plus", "[1E+2]"),
        TextCase("y_number_fraction_exponent", "[123.456e78]"),
        TextCase("y_number_trailing_zeros", "[10.50]"),
        TextCase("y_number_huge_exponent", "[1e999999999999]"),
        TextCase("y_number_beyond_64_bits", "[100000000000000000000000000000000000000]"),
        TextCase("y_object", #"{"asd":"sdf", "dfg":"fgh"}"#),
        TextCase("y_object_basic", #"{"asd":"sdf"}"#),
        TextCase("y_object_empty", "{}"),
        TextCase("y_object_empty_name", #"{"":0}"#),
        TextCase("y_object_nul_in_name", #"{"foo\u0000bar": 42}"#),
        TextCase("y_object_long_strings", "{\"x\":[{\"id\":\"\(String(repeating: "x", count: 4000))\"}],\"id\":\"y\"}"),
        TextCase("y_object_simple", #"{"a":[]}"#),
        TextCase("y_object_unicode", #"{"title":"\u041f\u043e\u043b\u0442\u043e\u0440\u0430"}"#),
        TextCase("y_object_new_lines", "{\n\"a\":\n\"b\"\n}"),
        TextCase("y_object_512_deep", nested(512, #"{"a":"#, "}", "1")),
        TextCase("y_object_many_names", "{" + (0..<40).map { "\"n\($0)\":\($0)" }.joined(separator: ",") + "}"),
        TextCase("y_object_names_apart_by_case", #"{"a":1,"A":2}"#),
        TextCase("y_string_1_2_3_byte_escapes", #"["\u0060\u012a\u12AB"]"#),
        TextCase("y_string_surrogate_pair", #"["\uD801\udc37"]"#),
        TextCase("y_string_two_surrogate_pairs", #"["\ud83d\ude39\ud83d\udc8d"]"#),
        TextCase("y_string_all_escapes", #"["\"\\\/\b\f\n\r\t"]"#),
        TextCase("y_string_escaped_backslash_u", #"["\\u0000"]"#),
        TextCase("y_string_escaped_quote", #"["\""]"#),
        TextCase("y_string_comment_in_string", #"["a/*b*/c/*d//e"]"#),
        TextCase("y_string_double_escape_a", #"["\\a"]"#),
        TextCase("y_string_double_escape_n", #"["\\n"]"#),
        TextCase("y_string_escaped_control", #"["\u0012"]"#),
        TextCase("y_string_escaped_noncharacter", #"["\uFFFF"]"#),
        TextCase("y_string_last_surrogates", #"["\uDBFF\uDFFF"]"#),
        TextCase("y_string_nonbreaking_space", #"["new\u00A0line"]"#),
        TextCase("y_string_noncharacter_U+10FFFF", quoted(0xF4, 0x8F, 0xBF, 0xBF)),
        TextCase("y_string_noncharacter_U+FFFF", quoted(0xEF, 0xBF, 0xBF)),
        TextCase("y_string_null_escape", #"["\u0000"]"#),
        TextCase("y_string_one_byte_utf8", #"["\u002c"]"#),
        TextCase("y_string_pi", quoted(0xCF, 0x80)),
        TextCase("y_string_four_bytes", quoted(0xF0, 0x9B, 0xBF, 0xBF)),
        TextCase("y_string_first_after_surrogates", quoted(0xEE, 0x80, 0x80)),
        TextCase("y_string_last_before_surrogates", quoted(0xED, 0x9F, 0xBF)),
        TextCase("y_string_simple_ascii", #"["asd "]"#),
        TextCase("y_string_space", #"" ""#),
        TextCase("y_string_U+2028_as_is", quoted(0xE2, 0x80, 0xA8)),
        TextCase("y_string_DEL_as_is", quoted(0x7F)),
        TextCase("y_string_byte_order_mark_inside", quoted(0xEF, 0xBB, 0xBF)),
        TextCase("y_string_upper_and_lower_hex", #"["\uaBcD"]"#),
        TextCase("y_structure_lonely_false", "false"),
        TextCase("y_structure_lonely_int", "42"),
        TextCase("y_structure_lonely_negative_real", "-0.1"),
        TextCase("y_structure_lonely_null", "null"),
        TextCase("y_structure_lonely_string", #""asd""#),
        TextCase("y_structure_lonely_true", "true"),
        TextCase("y_structure_string_empty", #""""#),
        TextCase("y_structure_trailing_newline", "[\"a\"]\n"),
        TextCase("y_structure_whitespace", "\r\n\t [] \n\t\r"),
    ]

    static let refused: [TextCase] = [
        TextCase("n_array_1_true_without_comma", "[1 true]"),
        TextCase("n_array_colon_instead_of_comma", #"["": 1]"#),
        TextCase("n_array_comma_after_close", #"[""],"#),
        TextCase("n_array_comma_and_number", "[,1]"),
        TextCase("n_array_double_comma", "[1,,2]"),
        TextCase("n_array_double_extra_comma", #"["x",,]"#),
        TextCase("n_array_extra_close", #"["x"]]"#),
        TextCase("n_array_extra_comma", #"["",]"#),
        TextCase("n_array_incomplete", #"["x""#),
        TextCase("n_array_incomplete_invalid_value", "[x"),
        TextCase("n_array_inner_array_no_comma", "[3[4]]"),
        TextCase("n_array_invalid_utf8", [0x5B, 0xFF, 0x5D]),
        TextCase("n_array_items_separated_by_semicolon", "[1:2]"),
        TextCase("n_array_just_comma", "[,]"),
        TextCase("n_array_just_minus", "[-]"),
        TextCase("n_array_missing_value", #"[   , ""]"#),
        TextCase("n_array_number_and_comma", "[1,]"),
        TextCase("n_array_number_and_several_commas", "[1,,]"),
        TextCase("n_array_spaces_vertical_tab_formfeed", [0x5B, 0x22, 0x0B, 0x61, 0x22, 0x5C, 0x66, 0x5D]),
        TextCase("n_array_star_inside", "[*]"),
        TextCase("n_array_unclosed", #"[""#),
        TextCase("n_array_unclosed_trailing_comma", "[1,"),
        TextCase("n_array_unclosed_with_object_inside", "[{}"),
        TextCase("n_array_513_deep", nested(513, "[", "]")),
        TextCase("n_array_100000_open", String(repeating: "[", count: 100_000)),
        TextCase("n_object_and_array_513_deep", nested(257, #"[{"a":"#, "}]", "1")),
        TextCase("n_incomplete_false", "[fals]"),
        TextCase("n_incomplete_null", "[nul]"),
        TextCase("n_incomplete_true", "[tru]"),
        TextCase("n_incomplete_true_at_end", "tru"),
        TextCase("n_literal_true_then_letter", "[truex]"),
        TextCase("n_multidigit_number_then_00", [0x31, 0x32, 0x33, 0x00]),
        TextCase("n_number_++", "[++1234]"),
        TextCase("n_number_+1", "[+1]"),
        TextCase("n_number_+Inf", "[+Inf]"),
        TextCase("n_number_-01", "[-01]"),
        TextCase("n_number_-1.0.", "[-1.0.]"),
        TextCase("n_number_-2.", "[-2.]"),
        TextCase("n_number_-NaN", "[-NaN]"),
        TextCase("n_number_.-1", "[.-1]"),
        TextCase("n_number_.2e-3", "[.2e-3]"),
        TextCase("n_number_0.1.2", "[0.1.2]"),
        TextCase("n_number_0.3e", "[0.3e]"),
        TextCase("n_number_0.3e+", "[0.3e+]"),
        TextCase("n_number_0.e1", "[0.e1]"),
        TextCase("n_number_0_capital_E", "[0E]"),
        TextCase("n_number_0_capital_E+", "[0E+]"),
        TextCase("n_number_0e", "[0e]"),
        TextCase("n_number_0e+", "[0e+]"),
        TextCase("n_number_1.0e", "[1.0e]"),
        TextCase("n_number_1.0e+", "[1.0e+]"),
        TextCase("n_number_1.0e-", "[1.0e-]"),
        TextCase("n_number_1_000", "[1 000.0]"),
        TextCase("n_number_1eE2", "[1eE2]"),
        TextCase("n_number_2.e+3", "[2.e+3]"),
        TextCase("n_number_2.e-3", "[2.e-3]"),
        TextCase("n_number_9.e+", "[9.e+]"),
        TextCase("n_number_Inf", "[Inf]"),
        TextCase("n_number_Infinity", "[Infinity]"),
        TextCase("n_number_NaN", "[NaN]"),
        TextCase("n_number_full_width_digit", "[\u{FF11}]"),
        TextCase("n_number_expression", "[1+2]"),
        TextCase("n_number_hex", "[0x42]"),
        TextCase("n_number_minus_sign_with_trailing_garbage", "[-foo]"),
        TextCase("n_number_minus_space_1", "[- 1]"),
        TextCase("n_number_neg_int_starting_with_zero", "[-012]"),
        TextCase("n_number_neg_real_without_int_part", "[-.123]"),
        TextCase("n_number_with_alpha", "[1.2a-3]"),
        TextCase("n_number_with_leading_zero", "[012]"),
        TextCase("n_number_underscore", "[1_000]"),
        TextCase("n_number_at_end_incomplete", "1e"),
        TextCase("n_object_bad_value", #"["x", truth]"#),
        TextCase("n_object_bracket_name", "{[: \"x\"}\n"),
        TextCase("n_object_comma_instead_of_colon", #"{"x", null}"#),
        TextCase("n_object_double_colon", #"{"x"::"b"}"#),
        TextCase("n_object_duplicate", #"{"a":"b","a":"c"}"#),
        TextCase("n_object_duplicate_same_value", #"{"a":1,"a":1}"#),
        TextCase("n_object_duplicate_by_escape", #"{"a":1,"\u0061":1}"#),
        TextCase("n_object_duplicate_empty", #"{"":1,"":1}"#),
        TextCase("n_object_duplicate_late", "{" + (0..<40).map { "\"n\($0)\":0," }.joined() + #""n7":1}"#),
        TextCase("n_object_emoji", "{🇨🇭}"),
        TextCase("n_object_garbage_at_end", #"{"a":"a" 123}"#),
        TextCase("n_object_name_with_single_quotes", "{key: 'value'}"),
        TextCase("n_object_missing_colon", #"{"a" b}"#),
        TextCase("n_object_missing_name", #"{:"b"}"#),
        TextCase("n_object_missing_semicolon", #"{"a" "b"}"#),
        TextCase("n_object_missing_value", #"{"a":"#),
        TextCase("n_object_no_colon", #"{"a""#),
        TextCase("n_object_non_string_name", "{1:1}"),
        TextCase("n_object_null_name", "{null:null}"),
        TextCase("n_object_several_trailing_commas", #"{"id":0,,,,,}"#),
        TextCase("n_object_single_quote", "{'a':0}"),
        TextCase("n_object_trailing_comma", #"{"id":0,}"#),
        TextCase("n_object_trailing_comment", #"{"a":"b"}/**/"#),
        TextCase("n_object_trailing_line_comment", #"{"a":"b"}//"#),
        TextCase("n_object_two_commas_in_a_row", #"{"a":"b",,"c":"d"}"#),
        TextCase("n_object_unquoted_name", #"{a: "b"}"#),
        TextCase("n_object_unterminated_value", #"{"a":"a"#),
        TextCase("n_object_with_single_string", #"{ "foo" : "bar", "a" }"#),
        TextCase("n_single_space", " "),
        TextCase("n_string_1_surrogate_then_escape", #"["\uD800\"]"#),
        TextCase("n_string_1_surrogate_then_escape_u", #"["\uD800\u"]"#),
        TextCase("n_string_1_surrogate_then_escape_u1", #"["\uD800\u1"]"#),
        TextCase("n_string_1_surrogate_then_escape_u1x", #"["\uD800\u1x"]"#),
        TextCase("n_string_lone_first_surrogate", #"["\uD800"]"#),
        TextCase("n_string_lone_second_surrogate", #"["\uDC00"]"#),
        TextCase("n_string_surrogates_swapped", #"["\uDd1e\uD834"]"#),
        TextCase("n_string_two_first_surrogates", #"["\uD800\uD800"]"#),
        TextCase("n_string_surrogate_then_letter", #"["\uD800n"]"#),
        TextCase("n_string_accentuated_char_no_quotes", "[é]"),
        TextCase("n_string_backslash_00", [0x5B, 0x22, 0x5C, 0x00, 0x22, 0x5D]),
        TextCase("n_string_escape_x", #"["\x00"]"#),
        TextCase("n_string_escaped_backslash_bad", #"["\\\"]"#),
        TextCase("n_string_escaped_tab", "[\"\\\t\"]"),
        TextCase("n_string_escaped_emoji", #"["\🌀"]"#),
        TextCase("n_string_incomplete_escape", #"["\"]"#),
        TextCase("n_string_incomplete_escaped_character", #"["\u00A"]"#),
        TextCase("n_string_incomplete_escape_at_end", #""\u00"#),
        TextCase("n_string_backslash_at_end", #""\"#),
        TextCase("n_string_invalid_hex", #"["\u00g0"]"#),
        TextCase("n_string_hex_with_sign", #"["\u+041"]"#),
        TextCase("n_string_capital_U_escape", #"["\U0041"]"#),
        TextCase("n_string_octal_escape", #"["\012"]"#),
        TextCase("n_string_braced_escape", #"["\u{41}"]"#),
        TextCase("n_string_leading_uescaped_thinspace", #"[\u0020"asd"]"#),
        TextCase("n_string_no_quotes_with_bad_escape", #"[\n]"#),
        TextCase("n_string_single_doublequote", "\""),
        TextCase("n_string_single_quote", "['single quote']"),
        TextCase("n_string_single_string_no_double_quotes", "abc"),
        TextCase("n_string_start_escape_unclosed", #"["\"#),
        TextCase("n_string_unescaped_nul", quoted(0x61, 0x00, 0x61)),
        TextCase("n_string_unescaped_newline", "[\"new\nline\"]"),
        TextCase("n_string_unescaped_tab", "[\"\t\"]"),
        TextCase("n_string_unescaped_1F", quoted(0x1F)),
        TextCase("n_string_with_trailing_garbage", #"""x"#),
        TextCase("n_string_utf8_lone_continuation", quoted(0x81)),
        TextCase("n_string_utf8_overlong_2", quoted(0xC0, 0xAF)),
        TextCase("n_string_utf8_overlong_3", quoted(0xE0, 0x80, 0xAF)),
        TextCase("n_string_utf8_overlong_4", quoted(0xF0, 0x80, 0x80, 0xAF)),
        TextCase("n_string_utf8_overlong_nul", quoted(0xC0, 0x80)),
        TextCase("n_string_utf8_surrogate", quoted(0xED, 0xA0, 0x80)),
        TextCase("n_string_utf8_beyond_10FFFF", quoted(0xF4, 0x90, 0x80, 0x80)),
        TextCase("n_string_utf8_five_bytes", quoted(0xF8, 0x88, 0x80, 0x80, 0x80)),
        TextCase("n_string_utf8_truncated", quoted(0xE2, 0x82)),
        TextCase("n_string_utf8_truncated_beside_escape", quoted(0x5C, 0x6E, 0xE2, 0x82)),
        TextCase("n_string_latin1", quoted(0xE9)),
        TextCase("n_structure_angle_bracket", "<.>"),
        TextCase("n_structure_array_trailing_garbage", "[1]x"),
        TextCase("n_structure_array_with_unclosed_string", #"["asd]"#),
        TextCase("n_structure_ascii_unicode_identifier", "aå"),
        TextCase("n_structure_byte_order_mark", [0xEF, 0xBB, 0xBF, 0x7B, 0x7D]),
        TextCase("n_structure_byte_order_mark_alone", [0xEF, 0xBB, 0xBF]),
        TextCase("n_structure_utf16", [0xFF, 0xFE, 0x5B, 0x00, 0x5D, 0x00]),
        TextCase("n_structure_capitalized_true", "[True]"),
        TextCase("n_structure_close_unopened_array", "1]"),
        TextCase("n_structure_comma_instead_of_closing_brace", #"{"x": true,"#),
        TextCase("n_structure_double_array", "[][]"),
        TextCase("n_structure_end_array", "]"),
        TextCase("n_structure_lone_open_bracket", "["),
        TextCase("n_structure_no_data", ""),
        TextCase("n_structure_nul_outside_string", [0x5B, 0x00, 0x5D]),
        TextCase("n_structure_number_with_trailing_garbage", "2@"),
        TextCase("n_structure_object_unclosed_no_value", #"{"":"#),
        TextCase("n_structure_object_with_comment", #"{"a":/*comment*/"b"}"#),
        TextCase("n_structure_object_with_trailing_garbage", #"{"a": true} "x""#),
        TextCase("n_structure_open_array_apostrophe", "['"),
        TextCase("n_structure_open_object_close_array", "{]"),
        TextCase("n_structure_open_array_close_object", "[}"),
        TextCase("n_structure_single_star", "*"),
        TextCase("n_structure_two_values", "1 2"),
        TextCase("n_structure_U+2060_word_joiner", "[\u{2060}]"),
        TextCase("n_structure_uescaped_LF_before_string", #"[\u000A""]"#),
        TextCase("n_structure_unclosed_object", #"{"asd":"asd""#),
        TextCase("n_structure_nonbreaking_space", "[\u{A0}]"),
        TextCase("n_structure_whitespace_formfeed", "[\u{0C}]"),
    ]

    @Test("reads", arguments: accepted) func reads(_ text: TextCase) throws {
        let value = try JSON(parsing: text.bytes)
        // What was read is written, and read again the same.
        #expect(try JSON(parsing: value.text) == value)
        #expect(try JSON(parsing: value.prettyText) == value)
    }

    @Test("refuses", arguments: refused) func refuses(_ text: TextCase) {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: text.bytes) }
        #expect((error?.line ?? 0) > 0 && (error?.column ?? 0) > 0)
    }

    @Test(
        "says where and what",
        arguments: [
            ("", 1, 1, "ends"), ("{\n  \"a\": 1,\n  \"a\": 2\n}", 3, 3, "twice"), ("[1,\n2,\n]", 3, 1, "a value"),
            ("[\"é\", x]", 1, 7, "a value"), ("[\"a\nb\"]", 1, 4, "control"), (#"["\ud800"]"#, 1, 3, "surrogate"),
            ("[01]", 1, 3, "number"), ("{\"a\" 1}", 1, 6, "`:`"), ("[1 2]", 1, 4, "`,`"), ("{a:1}", 1, 2, "name"),
            (#"["\q"]"#, 1, 3, "escape"), ("[nil]", 1, 2, "null"), ("1\r\n2", 2, 1, "follows"),
            ("\u{FEFF}1", 1, 1, "byte order mark"), ("[1.]", 1, 4, "number"),
        ]
    )
    func places(text: String, line: Int, column: Int, reason: String) {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error?.line == line)
        #expect(error?.column == column)
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
        #expect(error?.description == "line \(line), column \(column): \(error?.reason ?? "")")
    }

    @Test("points at bytes that are not UTF-8") func badBytes() {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: Array("[\n\"ab".utf8) + [0xFF, 0x22, 0x5D]) }
        #expect(error?.line == 2)
        #expect(error?.column == 4)
    }

    @Test("keeps the spelling of numbers and the text behind escapes") func kept() throws {
        #expect(try JSON(parsing: "[10.50,1E+2,-0]") == [.number("10.50"), .number("1E+2"), .number("-0")])
        #expect(try JSON(parsing: #""\u0041\n\ud83d\ude00é\/""#).string == "A\n\u{1F600}é/")
        #expect(try JSON(parsing: #"{"b":1,"a":2,"c":3}"#).object?.members.map(\.name) == ["b", "a", "c"])
    }
}
