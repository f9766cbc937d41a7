using System.Text;

namespace TcpShell.Diagrams;

/// <summary>Writes a ladder as a Mermaid <c>sequenceDiagram</c>.</summary>
internal static class LadderMermaid
{
    public static string Write(Ladder ladder)
    {
        var text = new StringBuilder("sequenceDiagram\n");
        for (int lane = 0; lane < ladder.Lanes.Count; lane++)
        {
            text.Append($"    participant h{lane} as {MermaidText.Escape(ladder.Lanes[lane].Name)}\n");
        }

        for (int lane = 0; lane < ladder.Lanes.Count; lane++)
        {
            AddNote(text, ladder, lane, ladder.Lanes[lane].InitialState);
        }

        foreach (LadderEvent item in ladder.Events)
        {
            if (item.State.Length > 0)
            {
                AddNote(text, ladder, item.Lane, $"{ladder.TimeText(item.Time)} {item.State}");
            }

            switch (item.Kind)
            {
                case LadderEventKind.Departure:
                    AddArrow(text, ladder, item, item.Arrow!);
                    AddNote(text, ladder, item.Arrow!.To, item.Reached.Length > 0 ? $"{ladder.TimeText(item.Time)} {item.Reached}" : "");
                    break;
                case LadderEventKind.Fold:
                    text.Append($"    Note over h0,h{ladder.Lanes.Count - 1}: {MermaidText.Escape(item.Text)}\n");
                    break;
            }
        }

        return text.ToString().TrimEnd('\n');
    }

    private static void AddArrow(StringBuilder text, Ladder ladder, LadderEvent item, Arrow arrow)
    {
        // A cross for what does not arrive, a dashed line for what has not arrived yet.
        string line = arrow.End switch
        {
            ArrowEnd.Arrived => "->>",
            ArrowEnd.OnItsWay => "-->>",
            _ => "-x",
        };
        string label = $"{ladder.TimeText(item.Time)} {arrow.Label}{(arrow.Mark.Length > 0 ? " " : "")}{arrow.Mark}";
        text.Append($"    h{arrow.From}{line}h{arrow.To}: {MermaidText.Escape(label)}\n");
        if (arrow.Remark.Length > 0)
        {
            text.Append($"    Note over h{arrow.From},h{arrow.To}: {MermaidText.Escape(arrow.Remark)}\n");
        }
    }

    private static void AddNote(StringBuilder text, Ladder ladder, int lane, string note)
    {
        if (note.Length > 0)
        {
            string place = lane == 0 ? "left of" : lane == ladder.Lanes.Count - 1 ? "right of" : "over";
            text.Append($"    Note {place} h{lane}: {MermaidText.Escape(note)}\n");
        }
    }
}
