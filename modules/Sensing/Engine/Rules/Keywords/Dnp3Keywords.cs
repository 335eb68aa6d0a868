using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Dnp3;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>Questions to DNP3 fragments: their function, their indications, the objects they name.</summary>
internal static class Dnp3Keywords
{
    // function codes of IEEE 1815 section 4.2.2.5, as rules name them; 129 and on are those of answers
    private static readonly string[] Functions = ["confirm", "read", "write", "select", "operate", "direct_operate", "direct_operate_nr", "immed_freeze", "immed_freeze_nr", "freeze_clear", "freeze_clear_nr",
        "freeze_at_time", "freeze_at_time_nr", "cold_restart", "warm_restart", "initialize_data", "initialize_appl", "start_appl", "stop_appl", "save_config", "enable_unsolicited", "disable_unsolicited",
        "assign_class", "delay_measure", "record_current_time", "open_file", "close_file", "delete_file", "get_file_info", "authenticate_file", "abort_file", "activate_config", "authenticate_req", "authenticate_err"];

    private static readonly string[] Answers = ["response", "unsolicited_response", "authenticate_resp"];

    public static void Function(RuleBuilder b, string keyword, string? value)
    {
        string text = RuleParser.Unquote((value ?? "").Trim());
        int code;
        if (text.Length > 0 && char.IsAsciiDigit(text[0]))
        {
            uint number = RuleParser.Unsigned(keyword, text);
            if (number > 255) throw new RuleException(keyword, "is a byte");
            code = (int)number;
        }
        else
        {
            string name = text.ToLowerInvariant();
            code = Array.IndexOf(Functions, name);
            if (code < 0 && Array.IndexOf(Answers, name) is var answer and >= 0) code = 129 + answer;
            if (code < 0) throw new RuleException(keyword, $"unknown function \"{text}\"");
        }
        b.AddTest(BufferId.Dnp3Test, new AppTest<Dnp3Transaction>((tx, toServer) => tx.Uses(toServer) && tx.Function == code));
    }

    public static void Indications(RuleBuilder b, string keyword, string? value)
    {
        int wanted = 0;
        string text = RuleParser.Unquote((value ?? "").Trim());
        if (text.Length > 0 && char.IsAsciiDigit(text[0])) wanted = (int)(RuleParser.Unsigned(keyword, text) & 0xffff);
        else
            foreach (string name in text.Split([',', ' '], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                int bit = Dnp3Transaction.Indication(name.ToLowerInvariant());
                if (bit < 0) throw new RuleException(keyword, $"unknown indication \"{name}\"");
                wanted |= 1 << bit;
            }
        if (wanted == 0) throw new RuleException(keyword, "names no indication");
        b.AddTest(BufferId.Dnp3Test, new AppTest<Dnp3Transaction>((tx, toServer) => tx.Uses(toServer) && (tx.Indicators & wanted) != 0));
    }

    public static void Object(RuleBuilder b, string keyword, string? value)
    {
        string[] parts = (value ?? "").Split(',', StringSplitOptions.TrimEntries);
        if (parts.Length != 2) throw new RuleException(keyword, "has the form group,variation");
        uint group = RuleParser.Unsigned(keyword, parts[0]), variation = RuleParser.Unsigned(keyword, parts[1]);
        if (group > 255 || variation > 255) throw new RuleException(keyword, "group and variation are bytes");
        b.AddTest(BufferId.Dnp3Test, new AppTest<Dnp3Transaction>((tx, toServer) => tx.Uses(toServer) && tx.Objects.Exists(o => o.Group == group && o.Variation == variation)));
    }
}
