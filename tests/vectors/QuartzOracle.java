// Answers rows `expression|zone|start` on standard input with what Java Quartz computes; README.md says how to run it.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.text.ParseException;
import java.time.Instant;
import java.util.Date;
import java.util.StringJoiner;
import java.util.TimeZone;
import org.quartz.CronExpression;

public class QuartzOracle {
    public static void main(String[] arguments) throws Exception {
        BufferedReader rows = new BufferedReader(new InputStreamReader(System.in));
        for (String row = rows.readLine(); row != null; row = rows.readLine()) {
            System.out.println(row + "|" + answer(row.split("\\|")));
        }
    }

    private static String answer(String[] row) {
        CronExpression cron;
        try {
            cron = new CronExpression(row[0]);
        } catch (ParseException refused) {
            return "PARSE:" + refused.getMessage();
        }
        cron.setTimeZone(TimeZone.getTimeZone(row[1]));
        StringJoiner fires = new StringJoiner(",");
        Date at = Date.from(Instant.parse(row[2]));
        for (int n = 0; n < 8; n++) {
            at = cron.getNextValidTimeAfter(at);
            if (at == null) {
                break;
            }
            fires.add(Long.toString(at.getTime() / 1000));
        }
        return fires.toString();
    }
}
